"""Restarts members one at a time, without a failed client where a candidate exists."""

import os
import time

import health
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, poolers, secret
from handover import Failed, Handover, NotBegun
from lock import Lock, LockHeld
from observe import pending
from patroni_api import PatroniError, change, cluster, leader_of
from poolers import Pause, PoolerRefused, without

HEALTHY_SECONDS = 120.0
RESTART_SECONDS = 60
ROUNDS = 4


class RestartFailed(Exception):
    """A member did not come back; the text names it."""


def say(text: str) -> None:
    print(text, flush=True)


def wait_healthy(name: str, host: str, seconds: float = HEALTHY_SECONDS) -> None:
    """Until the member is fully joined (the same judgement as the health check's)."""
    end = time.monotonic() + seconds
    reason = "no answer"
    while time.monotonic() < end:
        own = health.as_object(health.get(host, "/patroni", 2.0))
        healthy, reason = health.judge(own) if own else (False, "no answer")
        if healthy:
            return
        time.sleep(0.3)
    raise RestartFailed(f"{name} is not healthy after {seconds:.0f} s: {reason}")


def restart(member: dict) -> None:
    """Restarts PostgreSQL on one member and waits until it has joined again."""
    name, host = member["name"], member["host"]
    begin = time.monotonic()
    try:
        change(host, "POST", "/restart", {"timeout": RESTART_SECONDS}, RESTART_SECONDS + 10)
    except PatroniError as error:
        raise RestartFailed(f"{name}: {error}") from error
    wait_healthy(name, host)
    say(f"{name}: restarted, {time.monotonic() - begin:.1f} s")


def restart_replica(member: dict) -> None:
    """Restarts a replica that nobody reads from meanwhile."""
    drain = float(fact("DRAIN_SECONDS", "5"))
    token = secret("pooler-agent") if poolers() else ""
    with without(member["host"], token, drain) as faults:
        for fault in faults:
            say(f"{member['name']}: reads may fail while it restarts: {fault}")
        restart(member)


def waiting(state: dict) -> list[dict]:
    """Members with a pending restart, by their own word, the leader last."""
    leader = leader_of(state)
    members = [m for m in state["members"] if m.get("host") and pending(m["host"]) is not None]
    return sorted(members, key=lambda m: (m is leader, m["name"]))


def restart_replicas(state: dict) -> int:
    """Restarts the replicas that wait for it, one at a time. Returns how many."""
    leader = leader_of(state)
    replicas = [m for m in waiting(state) if m is not leader]
    for member in replicas:
        restart_replica(member)
    return len(replicas)


def restart_leader_in_place(leader: dict) -> None:
    """Restarts the leader as leader, the poolers paused meanwhile."""
    owner = f"restart-{fact('MEMBER', 'operator')}-{os.getpid()}"
    etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
    try:
        with Lock(etcd, key("handover"), owner):
            hold = Pause(poolers(), secret("pooler-agent"), owner, 5.0, 10, say)
            hold.pause()
            try:
                restart(leader)
            finally:
                for fault in hold.resume():
                    say(f"not resumed, its lease ends by itself: {fault}")
    except (LockHeld, PoolerRefused, EtcdError) as error:
        raise RestartFailed(f"{leader['name']} was not restarted: {error}") from error


def restart_leader(state: dict, lowered: bool) -> None:
    """Brings the leader's pending values into force.

    Args:
        lowered: a value that replicas may not undercut went down: then the leader must restart as
            leader, for a promoted replica would still have the higher value.
    """
    leader = leader_of(state)
    if leader is None or pending(leader["host"]) is None:
        return
    if leader.get("role") == "standby_leader":
        # Nobody writes here, and whoever reads goes on at the replicas.
        restart(leader)
        return
    if not lowered and len(state["members"]) > 1:
        try:
            done = Handover(None, 30.0).run()
        except NotBegun as error:
            say(f"no handover ({error}): {leader['name']} restarts as leader")
        except Failed as error:
            raise RestartFailed(f"the handover from {leader['name']}: {error}") from error
        else:
            say(f"handed over from {done['from']} to {done['to']}, {done['stallSeconds']} s")
            # Patroni started the former leader anew, with the new values, as a replica.
            wait_healthy(leader["name"], leader["host"])
            if pending(leader["host"]) is not None:
                restart_replica(leader)
            return
    restart_leader_in_place(leader)


def settle(raised: bool, lowered: bool) -> int:
    """Restarts whoever waits for it, in the order that PostgreSQL asks for. Returns the members.

    Values that replicas may not undercut: raised on replicas first, lowered on the leader first.
    """
    state = cluster("127.0.0.1")
    count = len(waiting(state))
    if raised or not lowered:
        restart_replicas(state)
    restart_leader(cluster("127.0.0.1"), lowered)
    # A replica learns the leader's lower values from the WAL; one that restarts before it has
    # replayed them keeps the higher ones and goes on waiting: hence the rounds.
    for _ in range(ROUNDS):
        state = cluster("127.0.0.1")
        for member in state["members"]:
            wait_healthy(member["name"], member["host"])
        if lowered:
            time.sleep(1)
        if restart_replicas(state) == 0:
            return count
    raise RestartFailed("replicas still wait for a restart; run holdfast-apply-settings again")
