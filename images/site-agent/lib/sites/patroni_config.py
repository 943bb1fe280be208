"""What Patroni's dynamic configuration says for each role. Pure."""

from dataclasses import dataclass

from sites.state import ACTIVE, STANDBY

OWN = ("standby_cluster", "slots")
LINK_PORT = 5432
DATA = "/var/lib/postgresql/17/main"
NODE_CONFIG = "/etc/holdfast/pgbackrest.conf"
# In the backup container: the other site's archive in the cloud.
OTHER_SITE = "/run/holdfast/pgbackrest/other-site.conf"
# A fetch ends by itself before a promotion would have to wait long for it. No --kill-after: an exit
# code above 125 ends PostgreSQL's recovery.
FETCH_SECONDS = 20
# Follows nobody: the data stays as it is, and no member takes writes.
NOBODY = "/bin/false"


@dataclass(frozen=True)
class Place:
    """other: the other site's name; scope: its stanza; link: address of the link here; cloud: whether
    there is a repository to fall back to."""

    other: str
    scope: str
    link: str
    cloud: bool


def slot_of(site: str) -> str:
    """The permanent slot in which the active site keeps WAL for the other one."""
    return f"site_{site}"


def wanted(role: str, place: Place, site: str) -> dict:
    """The keys of OWN; None stands for one that is not to be there."""
    if role == ACTIVE:
        return {
            "standby_cluster": None,
            "slots": {slot_of(place.other): {"type": "physical"}},
        }
    if role == STANDBY:
        follow = {
            "host": place.link,
            "port": LINK_PORT,
            "primary_slot_name": slot_of(site),
            "create_replica_methods": ["basebackup"],
        }
        if place.cloud:
            follow["restore_command"] = fetch(place.scope)
        # Its own slots end: on a standby nobody moves them on.
        return {"standby_cluster": follow, "slots": None}
    # Draining or unconfirmed: the other site may still need its slot here.
    return {
        "standby_cluster": {"restore_command": NOBODY},
        "slots": {slot_of(place.other): {"type": "physical"}},
    }


def fetch(scope: str) -> str:
    """restore_command: one segment of the other site's archive, by way of this site's backup container."""
    return (
        f"timeout {FETCH_SECONDS} pgbackrest --config={NODE_CONFIG} --repo1-host-config={OTHER_SITE}"
        f" --stanza={scope} --pg1-path={DATA} --no-archive-async --log-level-console=off"
        ' --log-level-stderr=off archive-get %f "%p"'
    )


def differs(config: dict, want: dict) -> bool:
    """Whether a configuration says something else about the keys of OWN."""
    return any(config.get(name) != want.get(name) for name in OWN)


def changed(config: dict, want: dict) -> dict:
    """The configuration with the keys of OWN as wanted, and all others as they are."""
    kept = {name: value for name, value in config.items() if name not in OWN}
    return {**kept, **{name: value for name, value in want.items() if value is not None}}
