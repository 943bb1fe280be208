"""What the process is told from outside: secrets in files, facts in HOLDFAST_ variables."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

SECRETS = Path("/etc/holdfast/secrets")


@cache  # Django may import its settings again to report a fault in them
def _standard_input() -> str:
    return sys.stdin.read().strip()


def secret(variable: str, default_name: str) -> str | None:
    """The content of the file that `variable` names, without its trailing newline.

    The default is /etc/holdfast/secrets/<default_name>. "-" reads standard input, so that a job
    needs no file. None when the file does not exist and `variable` is unset; a file that was
    named, or that exists and cannot be read, is an error.
    """
    named = os.environ.get(variable)
    if named == "-":
        if given := _standard_input():
            return given
        raise ImproperlyConfigured(f"{variable}=-: nothing came on standard input.")
    path = Path(named) if named else SECRETS / default_name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        if named:
            raise ImproperlyConfigured(
                f"{variable}={named}: there is no such file. Put the secret there, "
                f"or unset {variable} to read {SECRETS / default_name}."
            ) from None
        return None
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}: {error.strerror}. The process runs as uid {os.getuid()} with the groups "
            f"{os.getgroups()}; give the file to one of them (mode 0440)."
        ) from None


def number(variable: str, default: int, least: int = 0) -> int:
    """A whole number from the environment, at least `least`."""
    text = os.environ.get(variable, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ImproperlyConfigured(f"{variable}={text!r}: type a whole number, at least {least}.")
    return int(text)


def flag(variable: str, default: bool) -> bool:
    """true or false from the environment."""
    text = os.environ.get(variable, str(default)).lower()
    if text not in ("true", "false"):
        raise ImproperlyConfigured(f"{variable}={text!r}: type true or false.")
    return text == "true"


def database(url: str, source: str) -> dict[str, Any]:
    """One entry of Django's DATABASES from a libpq URL, which may name several hosts."""
    try:
        given: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq's message quotes the URL, password included.
        raise ImproperlyConfigured(
            f"{source}: not a libpq URL. It looks like "
            "postgresql://user:password@host-1:6432,host-2:6432/name?connect_timeout=3"
        ) from None
    entry = {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "NAME": given.pop("dbname", ""),
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": given.pop("port", ""),
        # Connections outlive a request, but not for long, so that they spread over the poolers
        # again after one of them was away.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # The poolers pool by transaction: a cursor or a prepared statement that outlives its
        # transaction would be looked for on another server connection. (Django's psycopg
        # connections prepare nothing unless prepare_threshold is given.)
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
    defaults = {
        "connect_timeout": 3,  # seconds, for each host in turn
        "application_name": "-".join(
            ["shop", *filter(None, [os.environ.get("HOLDFAST_INSTANCE")])],
        ),
        # A pooler or network that vanished without a word is noticed within about 10 s.
        "keepalives_idle": 4,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,  # milliseconds
    }
    if "," in entry["HOST"]:
        defaults["load_balance_hosts"] = "random"
    entry["OPTIONS"] = {**defaults, **given}
    return entry
