"""When a leader's key may be released (M19). No I/O: observations in, a decision out.

Why this is safe. The key is read first, Docker is asked after that, and the transaction deletes the
key only if its value, lease and mod_revision are still the ones read. So the key was written by a
process that began before Docker was asked. If every container that could hold that process is
exited or gone, the process is dead for good; whoever starts later writes the key anew with a lease
of its own (Patroni keeps its lease in memory alone), and then the transaction fails. A transaction
that is late by any time is as safe as a quick one.

Why two reads, and why they suffice (moby's daemon/monitor.go, 20.10 to 28). A container's exit is
worked off under its lock: a death that the restart policy answers goes from `running` to
`restarting` (`Running` stays true) and from there to `running`, without `exited` between, however
long its back-off is; only when the policy gives up, or somebody stops it, does it become `exited`.
`inspect` takes the same lock, so it never sees a half. `docker restart` (a stop and a start) does
show `exited` for a moment: that is what the second read, on the same StartedAt, is for. While it is
being started `inspect` waits for the lock, and a Docker that does not answer is no evidence.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Between the key's read and the transaction: a guard that slept longer (paused, a starved host)
# looks again. Not for safety; it keeps short the time in which a container may have come back.
MAX_AGE_SECONDS = 3.0

# `removing` and `dead` are ends as well: Docker shows them once the process has stopped, and refuses
# to start such a container ("marked for removal"). `created` has never run: it is about to.
ENDED = frozenset({"exited", "removing", "dead"})
ALIVE = frozenset({"running", "paused", "restarting"})
# What Docker writes for "never".
NEVER = "0001-01-01T00:00:00Z"

MEMBER = re.compile(r"postgres-([1-9][0-9]{0,2})")


@dataclass(frozen=True)
class Key:
    """Patroni's leader key as it was read."""

    value: str
    lease: str
    mod_revision: str


@dataclass(frozen=True)
class Cluster:
    """What etcd says, all at one revision.

    paused: Patroni's maintenance mode. config_revision: of the key that says so, "0" for none.
    """

    leader: Key | None
    stopping: bool = False
    paused: bool = False
    config_revision: str = "0"


@dataclass(frozen=True)
class Listed:
    """A container in Docker's list. `member` is "" when its labels name none."""

    id: str
    state: str
    member: str


@dataclass(frozen=True)
class Container:
    """A container as `inspect` shows it."""

    id: str
    status: str
    running: bool
    paused: bool
    restarting: bool
    pid: int
    started_at: str


@dataclass(frozen=True)
class Look:
    """One reading of a member: every container with its labels, and the one last seen running.

    listed: ids that carry the member's labels now. found: what `inspect` said of each of them and
    of the remembered one; None = there is no such container.
    """

    listed: frozenset[str]
    found: Mapping[str, Container | None]


@dataclass(frozen=True)
class Release:
    """Delete the key, if it and the cluster's marks are unchanged."""

    cluster: Cluster
    key: Key
    reason: str


@dataclass(frozen=True)
class Hold:
    """Do nothing, and why. `worth_saying` when a dead leader is left alone on purpose."""

    reason: str
    worth_saying: bool = False


def member_of(value: str) -> str | None:
    """The member that a leader key names, None when it is none of ours."""
    return value if MEMBER.fullmatch(value) else None


def remember(memory: Mapping[str, str], listed: Iterable[Listed]) -> dict[str, str]:
    """Member → id last seen running, brought up to date."""
    seen = {one.member: one.id for one in listed if one.member and one.state in ALIVE}
    return {**memory, **seen}


def held_back(cluster: Cluster) -> Hold | None:
    """Why nothing is to be released whatever Docker says."""
    if cluster.leader is None:
        return Hold("there is no leader's key")
    if member_of(cluster.leader.value) is None:
        return Hold(f"the leader {cluster.leader.value!r} is no member of this site")
    return None


def signs_of_life(look: Look, remembered: str | None) -> str | None:
    """Why this reading does not prove the member dead; None when it does."""
    if not look.listed and remembered is None:
        return "no container of this member was ever seen here"
    if not look.listed <= look.found.keys():
        return "a container was listed and not inspected"
    if remembered is not None and remembered not in look.found:
        return "the container last seen running was not inspected"
    for id, container in look.found.items():
        if container is None:
            # Gone. One that is listed and gone was removed between the two questions: ask again.
            if id in look.listed:
                return f"container {id[:12]} vanished while it was looked at"
            continue
        sign = _sign_of_life(container)
        if sign is not None:
            return sign
    return None


def _sign_of_life(container: Container) -> str | None:
    name = f"container {container.id[:12]}"
    if container.status not in ENDED:
        return f"{name} is {container.status}"
    if container.running or container.paused or container.restarting or container.pid != 0:
        # Docker's status says otherwise than its flags: no proof.
        return f"{name} is {container.status}, and yet it has a process"
    if container.started_at in ("", NEVER):
        return f"{name} has never run"
    return None


def decide(
    cluster: Cluster, first: Look, second: Look, remembered: str | None, age_seconds: float
) -> Release | Hold:
    """Whether the leader's key goes.

    Args:
        cluster: etcd's keys, read before Docker was asked.
        first, second: two readings of the leader's member, one after the other.
        remembered: id of the container last seen running as that member.
        age_seconds: time since the keys were read.
    """
    hold = held_back(cluster)
    if hold is not None:
        return hold
    assert cluster.leader is not None
    key = cluster.leader
    for look in (first, second):
        sign = signs_of_life(look, remembered)
        if sign is not None:
            return Hold(sign)
    # The same containers, none started in between. One removed in between is as dead as before.
    for id, then in first.found.items():
        now = second.found.get(id)
        if then is None and now is not None:
            return Hold(f"container {id[:12]} was gone and is back")
        if then is not None and now is not None and then.started_at != now.started_at:
            return Hold(f"container {id[:12]} was started between two reads")
    if not second.listed <= first.listed:
        return Hold("a container appeared between two reads")
    if cluster.stopping:
        return Hold(f"{key.value} is down, but the whole cluster is marked as stopping", True)
    if cluster.paused:
        return Hold(f"{key.value} is down, but Patroni is paused", True)
    if age_seconds > MAX_AGE_SECONDS:
        return Hold(f"{key.value} is down, but the look took {age_seconds:.1f} s: looking again")
    return Release(cluster, key, _reason(key.value, second))


def _reason(member: str, look: Look) -> str:
    parts = [
        f"container {id[:12]} is {'gone' if container is None else container.status}"
        for id, container in sorted(look.found.items())
    ]
    return f"{member}: {', '.join(parts)}"
