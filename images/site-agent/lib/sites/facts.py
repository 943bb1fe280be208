"""The container's facts: environment (plain) and secret files. Clear errors for what is missing."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from sites.patroni_config import Place

SECRETS = Path("/etc/holdfast/secrets")
MEMORY = Path("/var/lib/site-agent/state.json")


@dataclass(frozen=True)
class Facts:
    """witness: there is one. automatic: it may decide. running: pages are served while not active."""

    scope: str
    site: str
    place: Place
    etcd: tuple[str, ...]
    members: tuple[str, ...]
    witness: bool
    automatic: bool
    running: bool


def fact(name: str) -> str:
    """HOLDFAST_<name>; ends the program when it is missing."""
    value = os.environ.get(f"HOLDFAST_{name}", "")
    if not value:
        sys.exit(f"holdfast-site-agent: the environment variable HOLDFAST_{name} is missing")
    return value


def secret(name: str) -> str:
    try:
        return (SECRETS / name).read_text().strip()
    except OSError as error:
        sys.exit(f"holdfast-site-agent: cannot read {SECRETS / name}: {error.strerror}")


def read() -> Facts:
    """All of them."""
    return Facts(
        scope=fact("SCOPE"),
        site=fact("SITE"),
        place=Place(fact("OTHER_SITE"), fact("OTHER_SCOPE"), fact("LINK"), fact("CLOUD") == "yes"),
        etcd=tuple(fact("ETCD").split(",")),
        members=tuple(fact("MEMBERS").split(",")),
        witness=fact("WITNESS") == "yes",
        automatic=fact("FAILOVER") == "automatic",
        running=fact("APPLICATION") == "running",
    )
