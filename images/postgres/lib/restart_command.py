#!/usr/bin/python3
"""Restarts PostgreSQL on every member, one at a time, without a failed client.

usage: holdfast-restart [--member postgres-N] [--members NUMBER] [--json]

Replicas first, each left out by the poolers meanwhile; then a handover, with which the former
leader's PostgreSQL stops and starts as a replica: that is its restart. Each is waited for until it
counts as synchronous again. Nothing begins, and the roll does not go on, unless every member
streams. Holds the locks of handover and settings, so that neither comes between.
Exit codes: 0 done; 1 failed midway, the clients go on; 2 not begun.
"""

import argparse
import contextlib
import json
import sys
import time

import psycopg2

from candidate import choose, fault, number
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, secret
from handover import Failed, Handover, NotBegun
from lock import Lock, LockHeld
from patroni_api import PatroniError, cluster, leader_of
from restarts import RestartFailed, restart_replica, say, wait_healthy
from sql import rows

HANDOVER_SECONDS = 30.0
# A member that has just joined is seen by Patroni, and its lag, within two of its loops.
SETTLE_SECONDS = 15.0


def missing(state: dict, expected: int | None) -> list[str]:
    """What full redundancy lacks, in sentences; empty when it is there. Pure.

    Args:
        expected: how many members there should be, None when that is not known.
    """
    leader = leader_of(state)
    if leader is None:
        return ["the cluster has no leader"]
    if state.get("pause"):
        return ["Patroni is paused"]
    others = [m for m in state["members"] if m["name"] != leader["name"]]
    found = [(m["name"], fault(m, leader.get("timeline"))) for m in others]
    lacks = [f"{name}: {reason}" for name, reason in found if reason is not None]
    if leader.get("state") != "running":
        lacks.append(f"{leader['name']}: {leader.get('state')}")
    if expected is not None and len(state["members"]) < expected:
        lacks.append(f"{len(state['members'])} of {expected} members are there")
    return lacks or ([] if others else ["there is no replica"])


def order(state: dict, only: str | None) -> list[str]:
    """Who is restarted, in order: replicas by number, the leader last. NotBegun for a stranger."""
    names = [m["name"] for m in state["members"]]
    if only is not None and only not in names:
        raise NotBegun(f"there is no member {only}; there are {', '.join(sorted(names))}")
    leader = leader_of(state)
    assert leader
    chosen = names if only is None else [only]
    return sorted(chosen, key=lambda name: (name == leader["name"], number(name)))


def started_at(host: str) -> object:
    """When this PostgreSQL was started."""
    return rows(host, "SELECT pg_postmaster_start_time()")[0][0]


class Roll:
    """One rolling restart; what became of it so far is in `done`, `left` and `handover`."""

    def __init__(self, only: str | None, expected: int | None) -> None:
        self.only = only
        self.expected = expected
        self.done: list[dict] = []
        self.left: list[str] = []
        self.handover: dict | None = None

    def run(self) -> None:
        """NotBegun, or RestartFailed, Failed or another error with `left` saying who is left."""
        state = cluster("127.0.0.1")
        if lacks := missing(state, self.expected):
            raise NotBegun(f"not fully redundant: {'; '.join(lacks)}")
        self.left = order(state, self.only)
        for name in list(self.left):
            self._one(name, self._whole())
            self.left.remove(name)

    def _whole(self) -> dict:
        """The cluster, as soon as it is fully redundant."""
        end = time.monotonic() + SETTLE_SECONDS
        while lacks := missing(state := cluster("127.0.0.1"), self.expected):
            if time.monotonic() > end:
                raise RestartFailed(f"not fully redundant any more: {'; '.join(lacks)}")
            time.sleep(0.5)
        return state

    def _one(self, name: str, state: dict) -> None:
        """Restarts one member, whatever its role is now, and proves it by the time of its start."""
        begin = time.monotonic()
        member = next(m for m in state["members"] if m["name"] == name)
        before = started_at(member["host"])
        if leader_of(state) is member:
            self._hand_over(state)
        else:
            restart_replica(member)
        wait_healthy(name, member["host"])
        if started_at(member["host"]) == before:
            # Patroni demoted it without stopping it; as a replica it can be restarted like any.
            restart_replica(member)
        self.done.append({"member": name, "seconds": round(time.monotonic() - begin, 1)})

    def _hand_over(self, state: dict) -> None:
        choice = choose(state)
        say(f"{leader_of(state)['name']} leads: handing over to {choice.name or 'nobody'}")
        hand = Handover(choice.name, HANDOVER_SECONDS)
        # The lock that Handover.run would take is held for the whole roll.
        self.handover = hand.under_lock(
            Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
        )
        for warning in hand.warnings:
            say(f"handover: {warning}")
        done = self.handover
        old, new = done["from"], done["to"]
        say(f"handed over from {old} to {new}; writes waited {done['stallSeconds']} s")
        say(f"{old}: stopped and started as a replica by the handover")


def attempt(roll: Roll) -> tuple[int, str | None]:
    """Runs under both locks: the exit code and, unless it is 0, what went wrong."""
    holder = f"restart-{fact('MEMBER', 'operator')}"
    try:
        etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
        with Lock(etcd, key("settings"), holder), Lock(etcd, key("handover"), holder):
            roll.run()
    except (NotBegun, LockHeld, EtcdError) as error:
        # NotBegun of the handover at the end is a failure of the roll, unless it was all of it.
        return (1 if roll.done else 2), str(error)
    except (RestartFailed, Failed, PatroniError) as error:
        return (1 if roll.left else 2), str(error)
    except psycopg2.Error as error:
        return 1, str(error).strip()
    return 0, None


def advice(roll: Roll) -> list[str]:
    """After a failure: how far it came, and what to type."""
    names = ", ".join(entry["member"] for entry in roll.done)
    left = ", ".join(roll.left)
    lines = [f"restarted: {names or 'nobody'}; not restarted: {left or 'nobody'}"]
    if left:
        only = f" --member {left}" if len(roll.left) == 1 else ""
        lines.append(f"when ./holdfast status is healthy: ./holdfast restart{only}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="holdfast-restart", description=__doc__)
    parser.add_argument("--member", metavar="MEMBER", help="only this one")
    parser.add_argument("--members", type=int, metavar="NUMBER", help="how many there should be")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    arguments = parser.parse_args()
    roll = Roll(arguments.member, arguments.members)
    # With --json, standard output is for the result alone.
    with contextlib.redirect_stdout(sys.stderr if arguments.json else sys.stdout):
        code, error = attempt(roll)
    if arguments.json:
        result: dict = {"members": roll.done, "handover": roll.handover}
        print(json.dumps(result | ({"error": error, "left": roll.left} if code else {})))
        return code
    if code:
        print(f"holdfast-restart: {error}", file=sys.stderr)
        for line in advice(roll) if code == 1 else []:
            print(f"holdfast-restart: {line}", file=sys.stderr)
        return code
    spent = sum(entry["seconds"] for entry in roll.done)
    print(f"{len(roll.done)} restarted in {spent:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
