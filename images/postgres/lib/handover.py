#!/usr/bin/python3
"""Planned handover of the leader without a failed client (M15).

usage: holdfast-handover [--to postgres-N] [--timeout SECONDS] [--json]

Lock in etcd, CHECKPOINT on the leader, PAUSE on every pooler (all or none), Patroni's switchover,
wait until every pooler leads to the new leader, which takes writes, RESUME, unlock.
Exit codes: 0 done; 1 failed, the clients go on; 2 not begun (no candidate, a lock, no etcd).
Environment: HOLDFAST_SCOPE, _MEMBER, _ETCD, _POOLERS.
"""

import argparse
import contextlib
import json
import os
import sys
import threading
import time

import psycopg2

from candidate import choose
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, poolers, secret
from lock import Lock, LockHeld
from patroni_api import PatroniError, change, cluster, leader_of, request
from poolers import Pause, PoolerRefused
from sql import rows

POLL_SECONDS = 0.05


class NotBegun(Exception):
    """The cluster is as it was: nothing was paused or switched."""


class Failed(Exception):
    """Begun and not finished in time; the clients go on."""


class Handover:
    """One handover: the steps in order, with the time that each took.

    Args:
        wanted: the member to lead, None for the best candidate.
        timeout: seconds for everything.
    """

    def __init__(self, wanted: str | None, timeout: float) -> None:
        self.wanted = wanted
        self.end = time.monotonic() + timeout
        self.steps: dict[str, float] = {}
        self.warnings: list[str] = []
        self.owner = f"handover-{fact('MEMBER', 'operator')}-{os.getpid()}-{time.time_ns() % 10**6}"
        self.refusal: str | None = None
        self.stall = 0.0

    def left(self, least: float = 0.0) -> float:
        return max(least, self.end - time.monotonic())

    @contextlib.contextmanager
    def step(self, name: str):
        begin = time.monotonic()
        try:
            yield
        finally:
            self.steps[name] = round(time.monotonic() - begin, 3)

    def run(self) -> dict:
        """The result, or NotBegun / Failed."""
        etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
        try:
            with self.step("lock"):
                lock = Lock(etcd, key("handover"), self.owner)
                lock.__enter__()
        except (EtcdError, LockHeld) as error:
            raise NotBegun(str(error)) from error
        try:
            return self._with_lock()
        finally:
            lock.__exit__(None, None, None)

    def _with_lock(self) -> dict:
        with self.step("candidate"):
            state = self._cluster()
            choice = choose(state, self.wanted)
        if choice.name is None:
            raise NotBegun(choice.reason)
        leader = leader_of(state)
        assert leader
        target = next(m for m in state["members"] if m["name"] == choice.name)
        with self.step("checkpoint"):
            self._checkpoint(leader["host"])
        pause = Pause(
            poolers(),
            secret("pooler-agent") if poolers() else "",
            self.owner,
            drain_seconds=max(0.5, min(float(fact("DRAIN_SECONDS", "5")), self.left() - 5)),
            lease_seconds=int(fact("PAUSE_LEASE_SECONDS", "10")),
            warn=self.warnings.append,
        )
        begin = time.monotonic()
        try:
            with self.step("pause"):
                pause.pause()
            with self.step("switchover"):
                self._switchover(leader, target)
            with self.step("path"):
                self._path(target["host"], pause)
        except PoolerRefused as error:
            raise NotBegun(f"{error}; nothing was switched and no client waits") from error
        finally:
            with self.step("resume"):
                faults = pause.resume()
            self.warnings += [f"not resumed, its lease ends by itself: {f}" for f in faults]
            self.stall = round(time.monotonic() - begin, 3)
        return {
            "from": leader["name"],
            "to": target["name"],
            "stallSeconds": self.stall,
            "steps": self.steps,
            "warnings": self.warnings,
        }

    def _cluster(self) -> dict:
        try:
            return cluster("127.0.0.1", min(4.0, self.left(0.5)))
        except PatroniError as error:
            raise NotBegun(str(error)) from error

    def _checkpoint(self, host: str) -> None:
        """Shortens the leader's shutdown checkpoint: it runs while clients are still served."""
        try:
            rows(host, "CHECKPOINT", seconds=min(10.0, self.left(1.0)))
        except psycopg2.Error as error:
            raise NotBegun(f"no CHECKPOINT on {host}: {str(error).strip()}") from error

    def _switchover(self, leader: dict, target: dict) -> None:
        """Asks, without waiting for the answer (it comes once a second), until the target leads."""

        def ask() -> None:
            body = {"leader": leader["name"], "candidate": target["name"]}
            try:
                change(leader["host"], "POST", "/switchover", body, self.left(1.0) + 5)
            except PatroniError as error:
                if "refused" in str(error):
                    self.refusal = str(error)

        threading.Thread(target=ask, daemon=True).start()
        while self.left():
            with contextlib.suppress(PatroniError):
                if request(target["host"], "GET", "/primary", timeout=0.5)[0] == 200:
                    return
            if self.refusal:
                raise Failed(self.refusal)
            time.sleep(POLL_SECONDS)
        raise Failed(f"{target['name']} did not become leader in time")

    def _path(self, target: str, pause: Pause) -> None:
        """Until every pooler leads to the target and the target takes writes."""
        if not pause.held:
            self._writable(target)
        elif faults := pause.follow(target, self.left()):
            raise Failed(f"the poolers do not lead to the new leader yet: {'; '.join(faults)}")

    def _writable(self, target: str) -> None:
        # Patroni answers 200 a moment before the promotion ends.
        while self.left():
            with contextlib.suppress(psycopg2.Error):
                if rows(target, "SELECT pg_is_in_recovery()", seconds=1.0)[0][0] is False:
                    return
            time.sleep(POLL_SECONDS)
        raise Failed("the new leader takes no writes yet")


def main() -> int:
    parser = argparse.ArgumentParser(prog="holdfast-handover", description=__doc__)
    parser.add_argument("--to", metavar="MEMBER", help="the member that shall lead")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds for everything")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    arguments = parser.parse_args()
    handover = Handover(arguments.to, arguments.timeout)
    code, result = 0, {}
    try:
        result = handover.run()
    except NotBegun as error:
        code, result = 2, {"error": str(error), "begun": False}
    except Failed as error:
        code, result = 1, {"error": str(error), "begun": True, "stallSeconds": handover.stall}
    if code:
        result |= {"steps": handover.steps, "warnings": handover.warnings}
    if arguments.json:
        print(json.dumps(result))
        return code
    for warning in handover.warnings:
        print(f"holdfast-handover: {warning}", file=sys.stderr)
    if code:
        print(f"holdfast-handover: no handover: {result['error']}", file=sys.stderr)
    else:
        print(
            f"handed over from {result['from']} to {result['to']};"
            f" writes waited {result['stallSeconds']} s"
        )
    return code


if __name__ == "__main__":
    sys.exit(main())
