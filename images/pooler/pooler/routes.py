"""Where the two pools lead, decided from what the members say. Pure; time is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass

from pooler.looks import Look

# A replica that still follows an old timeline this long after the new leader stands is left out.
OLD_TIMELINE_SECONDS = 10.0


@dataclass(frozen=True)
class Routes:
    """leader: where writes go (None before the first was found). hold: why new writes wait, or None.

    readers: where reads go, never empty once a leader was found.
    """

    leader: str | None = None
    hold: str | None = "no leader was found yet"
    readers: tuple[str, ...] = ()


def decide(
    before: Routes,
    looks: Mapping[str, Look],
    left: frozenset[str],
    lag_limit: int,
    now: float,
    vouched: bool = False,
    suspected: str | None = None,
    writable: bool = True,
) -> Routes:
    """The next routes.

    Args:
        looks: by address, the whole range of members, existing or not.
        left: replicas that asked to be left out: they are about to stop.
        lag_limit: bytes a replica may be behind and still serve reads.
        vouched: the leader's PostgreSQL itself takes writes, whatever its Patroni does not say.
        suspected: a member whose PostgreSQL ended its sessions and takes no new ones, whatever its
            Patroni still says.
        writable: whether this site may take writes. Where not, both pools lead to standbys, which refuse
            them, and nobody is let through to a primary.
    """
    if writable:
        leader, hold = _leader(before, looks, vouched, suspected)
    else:
        leader, hold = _standby(before, looks)
    lead = None if hold else looks.get(leader or "")
    readers = _readers(before, looks, left, lag_limit, lead, now)
    if not readers:
        # The leader serves reads when no replica can.
        readers = (leader,) if leader else ()
    return Routes(leader, hold, readers)


def _leader(
    before: Routes, looks: Mapping[str, Look], vouched: bool, suspected: str | None
) -> tuple[str | None, str | None]:
    # Two at once: an old one that was frozen does not know yet. The higher timeline is right.
    primaries = [(look.timeline, a == before.leader, a) for a, look in looks.items()
                 if look.kind == "primary" and a != suspected]
    if primaries:
        return max(primaries)[2], None
    if before.leader is None:
        return None, before.hold
    if before.leader == suspected:
        return before.leader, f"{before.leader} ended its sessions"
    look = looks.get(before.leader, Look())
    if look.role == "primary":
        return before.leader, before.hold
    if look.kind in ("replica", "standby", "other"):
        return before.leader, f"{before.leader} leads no more"
    if look.gone:
        # A Patroni that was killed or hangs is started anew under its PostgreSQL, or PostgreSQL ends
        # before the lease does; synchronous commit sees to the rest.
        return before.leader, None if vouched else f"{before.leader} does not answer"
    return before.leader, before.hold


def _standby(before: Routes, looks: Mapping[str, Look]) -> tuple[str | None, str | None]:
    """The head of the standby cluster; while there is none, nobody is let through."""
    standbys = [(look.timeline, a == before.leader, a) for a, look in looks.items()
                if look.role == "standby"]
    if standbys:
        return max(standbys)[2], None
    return before.leader, "this site takes no writes"


def _readers(
    before: Routes,
    looks: Mapping[str, Look],
    left: frozenset[str],
    lag_limit: int,
    lead: Look | None,
    now: float,
) -> tuple[str, ...]:
    def serves(address: str, look: Look) -> bool:
        if look.role != "replica" or address in left:
            return False
        if lead is None:
            # Without a leader nobody falls behind: who served goes on.
            return address in before.readers or not before.readers
        # Against the leader's position of the look before: a moment old, so that a replica is never
        # blamed for what was written between two questions.
        if lead.earlier - look.location > lag_limit:
            return False
        return look.timeline >= lead.timeline or now - lead.since < OLD_TIMELINE_SECONDS

    return tuple(sorted(a for a, look in looks.items() if serves(a, look)))
