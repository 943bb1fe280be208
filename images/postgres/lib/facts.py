"""The container's facts: environment (plain) and secret files. Clear errors for what is missing."""

import os
import sys
from pathlib import Path

SECRETS = Path("/etc/holdfast/secrets")
LIVE = Path("/etc/holdfast/live")
PATRONI_PORT = 8008
POSTGRES_PORT = 5432


def fact(name: str, default: str | None = None) -> str:
    """An environment variable HOLDFAST_<name>; ends the program when it is missing."""
    value = os.environ.get(f"HOLDFAST_{name}", default)
    if value is None:
        sys.exit(f"holdfast: the environment variable HOLDFAST_{name} is missing")
    return value


def addresses(name: str) -> list[str]:
    """A list of addresses, `10.0.0.2,10.0.0.3` or `etcd-1=10.0.0.2,...`; empty when unset."""
    return split_addresses(fact(name, ""))


def poolers() -> list[str]:
    """Addresses of the poolers: the live file `poolers`, so that adding one replaces no member.

    Without the file, the environment variable HOLDFAST_POOLERS; empty when there is neither.
    """
    try:
        return split_addresses((LIVE / "poolers").read_text())
    except FileNotFoundError:
        return addresses("POOLERS")


def split_addresses(text: str) -> list[str]:
    """The addresses in a comma-separated list, with or without names in front."""
    parts = [part.strip() for part in text.split(",")]
    return [part.rpartition("=")[2] for part in parts if part]


def secret(name: str) -> str:
    """A secret's text; ends the program when the file cannot be read."""
    try:
        return (SECRETS / name).read_text().strip()
    except OSError as error:
        sys.exit(f"holdfast: cannot read the secret {SECRETS / name}: {error.strerror}")


def key(name: str) -> str:
    """One of Holdfast's own etcd keys of this cluster."""
    return f"/holdfast/{fact('SCOPE')}/{name}"


def slot_of(member: str) -> str:
    """The name that Patroni gives a member's slot."""
    return member.lower().replace("-", "_")
