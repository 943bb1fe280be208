"""What a scale-in waits for, and what a member that left may not leave behind. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from candidate import IN_SYNC, number
from facts import slot_of
from patroni_api import leader_of

MEMBER = re.compile(r"postgres-\d+")
SLOT = re.compile(r"postgres_\d+")


def unsettled(
    state: dict, leaving: Collection[str], standby_names: str, alone: bool = False
) -> list[str]:
    """Why the leaving members may not go yet, in sentences; empty when they may. At a standby site
    no commit waits for anybody: there a replica that streams is enough.

    Args:
        state: Patroni's /cluster answer.
        standby_names: the leader's synchronous_standby_names.
        alone: the leader may stay without a synchronous replica: somebody has accepted that.
    """
    leader = leader_of(state)
    if leader is None:
        return ["nobody leads"]
    reasons = []
    for member in state["members"]:
        name, tags = member["name"], member.get("tags") or {}
        if name not in leaving:
            continue
        if not (tags.get("nofailover") and tags.get("nosync")):
            reasons.append(f"{name} is not tagged yet")
        if name == leader["name"]:
            reasons.append(f"{name} leads")
        elif member.get("role") in IN_SYNC or name in MEMBER.findall(standby_names):
            reasons.append(f"commits may wait for {name}")
    if staying_replicas(state, leaving) or alone:
        return reasons
    lacking = "streams" if is_standby(leader) else "is synchronous"
    return [*reasons, f"no replica that stays {lacking}"]


def is_standby(leader: dict) -> bool:
    """It follows the other site's leader, and nobody writes here."""
    return leader.get("role") == "standby_leader"


def staying_replicas(state: dict, leaving: Collection[str]) -> list[str]:
    """Who stays and could take over from the leader, by number."""
    leader = leader_of(state)
    roles = ("replica", *IN_SYNC) if leader and is_standby(leader) else IN_SYNC
    found = [
        member["name"]
        for member in state["members"]
        if member["name"] not in leaving
        and member.get("role") in roles
        and member.get("state") == "streaming"
    ]
    return sorted(found, key=number)


@dataclass(frozen=True)
class Records:
    """Where the cluster writes its members down."""

    # Names in etcd, members/; also of those that died within a lease's time.
    members: Iterable[str] = ()
    # Slots by the member that keeps them.
    slots: Mapping[str, Iterable[str]] = field(default_factory=dict)
    # Patroni's /status, /failsafe and /sync.
    status: dict = field(default_factory=dict)
    failsafe: dict = field(default_factory=dict)
    sync: dict = field(default_factory=dict)


def strangers(records: Records, staying: Collection[str]) -> list[str]:
    """Members that are written down somewhere and do not stay, by number."""
    found = {*records.members, *records.failsafe}
    for slots in records.slots.values():
        found |= {slot.replace("_", "-") for slot in slots if SLOT.fullmatch(slot)}
    for name in ("slots", "retain_slots"):
        kept = records.status.get(name) or ()
        found |= {slot.replace("_", "-") for slot in kept if SLOT.fullmatch(slot)}
    found |= set(MEMBER.findall(str(records.sync.get("sync_standby") or "")))
    gone = {name for name in found if MEMBER.fullmatch(name) and name not in staying}
    return sorted(gone, key=number)


def remains(records: Records, staying: Collection[str]) -> list[str]:
    """What is left of those who do not stay, in sentences; empty when nothing is."""
    lines = []
    for name in strangers(records, staying):
        slot = slot_of(name)
        if name in records.members:
            lines.append(f"etcd has the member {name}")
        lines += [
            f"{keeper} keeps the slot {slot}"
            for keeper, slots in sorted(records.slots.items())
            if slot in slots
        ]
        if any(slot in (records.status.get(key) or ()) for key in ("slots", "retain_slots")):
            lines.append(f"Patroni's /status names {slot}")
        if name in records.failsafe:
            lines.append(f"Patroni's /failsafe names {name}")
        if name in MEMBER.findall(str(records.sync.get("sync_standby") or "")):
            lines.append(f"Patroni's /sync names {name}")
    return lines
