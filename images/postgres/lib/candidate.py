"""Who takes over in a planned handover. Pure: decided from Patroni's /cluster answer."""

from dataclasses import dataclass

# More than one segment behind, and the clients would wait for the replay. Bytes.
LARGEST_LAG = 16 * 1024 * 1024
IN_SYNC = ("sync_standby", "quorum_standby")


@dataclass(frozen=True)
class Choice:
    """A member's name, or None and the reason."""

    name: str | None
    reason: str


def number(name: str) -> int:
    """The instance number of `postgres-3`; names without one come last."""
    tail = name.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 1 << 30


def fault(member: dict, timeline: object) -> str | None:
    """Why this member cannot take over, None when it can."""
    if member.get("role") not in IN_SYNC:
        return "not in sync"
    if member.get("state") != "streaming":
        return str(member.get("state"))
    if member.get("timeline") != timeline:
        return f"on timeline {member.get('timeline')}"
    tags = member.get("tags") or {}
    if tags.get("nofailover"):
        return "tagged nofailover"
    lag = member.get("lag")
    if not isinstance(lag, int) or lag > LARGEST_LAG:
        return f"{lag} bytes behind"
    return None


def choose(state: dict, wanted: str | None = None) -> Choice:
    """The candidate: `wanted` if it can, else the best of those that can.

    A roll goes from 1 to the highest number, so the best is the lowest number below the leader's
    (rolled already), else the highest (rolled last): at most two handovers a roll, none of them to
    the member that goes next (M14).
    """
    leader = next((m for m in state["members"] if m.get("role") == "leader"), None)
    if leader is None:
        return Choice(None, "the cluster has no leader")
    if state.get("pause"):
        return Choice(None, "Patroni is paused")
    others = [m for m in state["members"] if m["name"] != leader["name"]]
    faults = {m["name"]: fault(m, leader.get("timeline")) for m in others}
    able = sorted((name for name, reason in faults.items() if reason is None), key=number)
    if wanted is not None:
        if wanted in able:
            return Choice(wanted, "as asked for")
        if wanted == leader["name"]:
            return Choice(None, f"{wanted} leads already")
        return Choice(None, f"{wanted} cannot lead: {faults.get(wanted, 'no such member')}")
    if not able:
        reasons = ", ".join(f"{name}: {reason}" for name, reason in sorted(faults.items()))
        return Choice(None, f"no replica can take over ({reasons or 'there is none'})")
    below = [name for name in able if number(name) < number(leader["name"])]
    return Choice(below[0] if below else able[-1], "in sync")
