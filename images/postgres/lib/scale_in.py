"""The database's part of a scale-in: leading and commits move to who stays, then nothing of who
left remains (M20). The containers are removed between the two, by Pulumi."""

import contextlib
import time
from collections.abc import Callable, Collection

import psycopg2

import health
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, secret
from handover import Failed, Handover, NotBegun
from lock import Lock, LockHeld
from patroni_api import PatroniError, change, cluster, config, leader_of
from poolers import each
from restore_keys import members as members_in_etcd
from scale_in_rules import (
    Records,
    is_standby,
    remains,
    staying_replicas,
    strangers,
    unsettled,
)
from sql import rows
from step_aside import as_object

# A tag reaches etcd within two of Patroni's loops (1 to 5 s); the quorum follows in a few more.
SETTLE_SECONDS = 60.0
HANDOVER_SECONDS = 30.0
# Patroni drops a slot three loops after its member is gone from etcd and its time is over.
FORGET_SECONDS = 90.0
# How long Patroni keeps an absent member's slot while those of who left are dropped; 30 min before
# and after. Not 0: that would drop the spare slots which the replicas keep of each other, too.
SHORT_TTL_SECONDS = 1
LOOK_SECONDS = 0.5
# An address that nobody has never answers.
ANSWER_SECONDS = 1.0
LOCK_SECONDS = 60.0


class ScaleInFailed(Exception):
    """Not done in time, or not possible; the text says why."""


def settle(leaving: Collection[str], alone: bool = False) -> dict:
    """Until a member that stays leads, and no commit waits for one that leaves.

    Returns who leads, and the handover if there was one.

    Args:
        alone: whoever leads need not have a synchronous replica then.
    """
    _until(lambda: _tags_missing(leaving), SETTLE_SECONDS)
    handover = None
    leader = leader_of(cluster("127.0.0.1"))
    if leader and leader["name"] in leaving and is_standby(leader):
        _switch_standby(leader, leaving)
    elif leader and leader["name"] in leaving:
        try:
            # Those that leave are tagged: the candidate is one that stays.
            handover = Handover(None, HANDOVER_SECONDS).run()
        except (NotBegun, Failed) as error:
            raise ScaleInFailed(f"the handover from {leader['name']}: {error}") from error
    _until(lambda: _unsettled(leaving, alone), SETTLE_SECONDS)
    leader = leader_of(cluster("127.0.0.1"))
    return {"leader": leader["name"] if leader else None, "handover": handover}


def _switch_standby(leader: dict, leaving: Collection[str]) -> None:
    """Another member follows the other site. Nobody writes here, so nobody is paused for it."""
    able = staying_replicas(cluster("127.0.0.1"), leaving)
    if not able:
        raise ScaleInFailed(f"{leader['name']} leads the standby, and no replica that stays streams")
    body = {"leader": leader["name"], "candidate": able[0]}
    change(leader["host"], "POST", "/switchover", body, HANDOVER_SECONDS)


def _tags_missing(leaving: Collection[str]) -> list[str]:
    reasons = unsettled(cluster("127.0.0.1"), leaving, "")
    return [reason for reason in reasons if reason.endswith("not tagged yet")]


def _unsettled(leaving: Collection[str], alone: bool) -> list[str]:
    state = cluster("127.0.0.1")
    leader = leader_of(state)
    if leader is None:
        return ["nobody leads"]
    names = rows(leader["host"], "SELECT current_setting('synchronous_standby_names')")[0][0]
    return unsettled(state, leaving, names, alone)


def forget(staying: Collection[str]) -> list[str]:
    """Nothing of members that do not stay remains. Returns whose records there were.

    ScaleInFailed when one of them still runs, or when Patroni does not let go in time.
    """
    etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
    holder = f"scale-in-{fact('MEMBER', 'operator')}"
    try:
        with Lock(etcd, key("settings"), holder, patience=LOCK_SECONDS):
            return _forget(etcd, staying)
    except LockHeld as error:
        raise ScaleInFailed(str(error)) from error


def _forget(etcd: Etcd, staying: Collection[str]) -> list[str]:
    before = config("127.0.0.1").get("member_slots_ttl")
    if before == SHORT_TTL_SECONDS:
        # Of a run that was killed.
        before = None
        _keep_slots(before)
    gone = strangers(read_records(etcd, staying), staying)
    if not gone:
        return []
    _delete_members(etcd, gone)
    _keep_slots(SHORT_TTL_SECONDS)
    try:
        _until(lambda: remains(read_records(etcd, staying), staying), FORGET_SECONDS)
    finally:
        _keep_slots(before)
    return gone


def _delete_members(etcd: Etcd, gone: Collection[str]) -> None:
    """Their keys end with their leases; without them Patroni need not wait for that."""
    where = {address: name for name, address in named_addresses().items() if name in gone}
    answers = each(list(where), lambda address: health.get(address, "/patroni", ANSWER_SECONDS))
    alive = [where[address] for address, answer in answers.items() if answer]
    if alive:
        raise ScaleInFailed(f"{', '.join(alive)} still answers: remove its container first")
    for name in gone:
        etcd.delete(key(f"members/{name}"))


def _keep_slots(seconds: object) -> None:
    """How long Patroni keeps the slot of an absent member; None for its own default."""
    change("127.0.0.1", "PATCH", "/config", {"member_slots_ttl": seconds}, 5.0)


def read_records(etcd: Etcd, staying: Collection[str]) -> Records:
    """Everything that is written down now. A member that is away has its slots put right by its own
    Patroni when it comes back."""
    slots = {}
    for member in cluster("127.0.0.1")["members"]:
        if member["name"] in staying and member.get("host"):
            with contextlib.suppress(psycopg2.Error):
                found = rows(member["host"], "SELECT slot_name FROM pg_replication_slots")
                slots[member["name"]] = [row[0] for row in found]
    return Records(
        members=list(members_in_etcd(etcd)),
        slots=slots,
        status=as_object(etcd.get(key("status"))),
        failsafe=as_object(etcd.get(key("failsafe"))),
        sync=as_object(etcd.get(key("sync"))),
    )


def named_addresses() -> dict[str, str]:
    """The addresses of the whole range of members, by name."""
    parts = [part.strip().partition("=") for part in fact("PEERS", "").split(",")]
    return {name: address for name, _, address in parts if address}


def _until(faults: Callable[[], list[str]], seconds: float) -> None:
    """ScaleInFailed with the last faults when there still are some after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = faults()
        except (PatroniError, EtcdError, psycopg2.Error) as error:
            # Around a handover one of them may not answer for a moment.
            found = [str(error).strip()]
        if not found:
            return
        if time.monotonic() > end:
            raise ScaleInFailed(f"not within {seconds:.0f} s: {'; '.join(found)}")
        time.sleep(LOOK_SECONDS)
