#!/usr/bin/python3
"""Planned handover of the leader without a failed client (M15).

usage: holdfast-handover [--to postgres-N] [--timeout SECONDS] [--cut] [--json]

Lock in etcd, CHECKPOINT on the leader, wait for long transactions, PAUSE on every pooler (all or none), Patroni's switchover,
wait until every pooler leads to the new leader, which takes writes, RESUME, unlock.
Exit codes: 0 done; 1 failed, the clients go on; 2 not begun (no candidate, a lock, no etcd).
Environment: HOLDFAST_SCOPE, _MEMBER, _ETCD, _POOLERS.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time

import psycopg2

import quiet
from candidate import choose
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, poolers, secret
from lock import Lock, LockHeld
from patroni_api import PatroniError, change, cluster, leader_of, request
from poolers import Pause, PoolerRefused
from sql import rows

POLL_SECONDS = 0.05
# Long transactions are waited for before (quiet.py); what is left ends within the pause. Seconds.
PAUSE_DRAIN_SECONDS = 2.0
# Patroni's switchover and the poolers' way to the new leader take 1 to 3 s: with less left nothing
# is begun.
SWITCHOVER_SECONDS = 4.0
# How long Patroni may have refused, or died of its own etcd, before the clients go on.
REFUSAL_SECONDS = 1.0


class NotBegun(Exception):
    """The cluster is as it was: nothing was paused or switched."""


class Failed(Exception):
    """Begun and not finished in time; the clients go on."""


class Handover:
    """One handover: the steps in order, with the time that each took.

    Args:
        wanted: the member to lead, None for the best candidate.
        timeout: seconds for everything.
        cut: end transactions that do not end by themselves, instead of not handing over: for a
            leader that stops anyway.
        die_after: the step after which this process kills itself: a drill's orchestrator that dies.
    """

    def __init__(
        self, wanted: str | None, timeout: float, cut: bool = False, die_after: str | None = None
    ) -> None:
        self.wanted = wanted
        self.cut = cut
        self.die_after = die_after
        self.end = time.monotonic() + timeout
        self.steps: dict[str, float] = {}
        self.warnings: list[str] = []
        self.owner = f"handover-{fact('MEMBER', 'operator')}-{os.getpid()}-{time.time_ns() % 10**6}"
        self.refusal: tuple[float, str] | None = None
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
        if name == self.die_after:
            os.kill(os.getpid(), signal.SIGKILL)

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
            return self.under_lock(etcd)
        finally:
            lock.__exit__(None, None, None)

    def under_lock(self, etcd: Etcd) -> dict:
        """The same for a caller that holds the lock of handovers already."""
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
        with self.step("quiet"):
            self._quiet(leader["host"])
        if self.left() < PAUSE_DRAIN_SECONDS + SWITCHOVER_SECONDS:
            raise NotBegun("no time is left for a switchover; nobody was paused")
        pause = Pause(
            poolers(),
            secret("pooler-agent") if poolers() else "",
            self.owner,
            drain_seconds=PAUSE_DRAIN_SECONDS,
            lease_seconds=int(fact("PAUSE_LEASE_SECONDS", "10")),
            warn=self.warnings.append,
        )
        begin = time.monotonic()
        failure = None
        try:
            with self.step("pause"):
                pause.pause()
            with self.step("switchover"):
                self._switchover(leader, target)
            with self.step("path"):
                self._path(target["host"], pause)
        except PoolerRefused as error:
            raise NotBegun(f"{error}; nothing was switched and no client waits") from error
        except Failed as error:
            failure = error
            self._take_back(etcd)
        except SystemExit:
            self._take_back(etcd)
            raise
        finally:
            with self.step("resume"):
                faults = pause.resume()
            self.warnings += [f"not resumed, its lease ends by itself: {f}" for f in faults]
            self.stall = round(time.monotonic() - begin, 3)
        if failure is not None:
            raise Failed(f"{failure}; {self._who_leads(leader)}") from failure
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
        seconds = min(10.0, max(1.0, self.left() - PAUSE_DRAIN_SECONDS - SWITCHOVER_SECONDS))
        try:
            rows(host, "CHECKPOINT", seconds=seconds)
        except psycopg2.errors.QueryCanceled:
            self.warnings.append(f"the CHECKPOINT on {host} took over {seconds:.0f} s: given up")
        except psycopg2.Error as error:
            if error.pgcode is None:
                raise NotBegun(f"{host} is not reached: {str(error).strip()}") from error
            # A full disk, for instance: all the more reason to hand over.
            self.warnings.append(f"no CHECKPOINT on {host}: {str(error).strip()}")

    def _quiet(self, host: str) -> None:
        """Waits for long transactions while everybody else is served."""
        wait = min(float(fact("DRAIN_SECONDS", "5")), self.left() - 2 * SWITCHOVER_SECONDS)
        try:
            self.warnings += quiet.wait(host, max(0.0, wait), self.cut)
        except quiet.StillBusy as error:
            raise NotBegun(f"{error}; nobody was paused") from error

    def _take_back(self, etcd: Etcd) -> None:
        """Patroni would act on its key whenever its next round comes, with nobody paused."""
        with contextlib.suppress(EtcdError):
            if etcd.get(key("failover")) is not None:
                etcd.delete(key("failover"))

    def _who_leads(self, before: dict) -> str:
        """After a failure, in words."""
        try:
            now = leader_of(cluster("127.0.0.1", 2.0))
        except PatroniError as error:
            return f"who leads is not known: {error}"
        if now is None:
            return "nobody leads at the moment, Patroni elects"
        return f"{now['name']} {'still leads' if now['name'] == before['name'] else 'leads now'}"

    def _switchover(self, leader: dict, target: dict) -> None:
        """Asks, without waiting for the answer (it comes once a second), until the target leads."""

        def ask() -> None:
            body = {"leader": leader["name"], "candidate": target["name"]}
            try:
                change(leader["host"], "POST", "/switchover", body, self.left(1.0) + 5)
            except PatroniError as error:
                self.refusal = (time.monotonic(), str(error))

        if self.left() < SWITCHOVER_SECONDS:
            raise Failed("draining left no time for the switchover")
        threading.Thread(target=ask, daemon=True).start()
        with self.step("asked"):
            time.sleep(POLL_SECONDS)
        while self.left():
            with contextlib.suppress(PatroniError):
                if request(target["host"], "GET", "/primary", timeout=0.5)[0] == 200:
                    return
            # A leader that steps down may cut its own answer; one that refused stays.
            if self.refusal and time.monotonic() - self.refusal[0] > REFUSAL_SECONDS:
                raise Failed(self.refusal[1])
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
    parser.add_argument(
        "--cut", action="store_true", help="end transactions that do not end by themselves"
    )
    # For drills: which steps there are is in the JSON.
    parser.add_argument("--die-after", metavar="STEP", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    arguments = parser.parse_args()
    # So that the clients are resumed: by default Python dies of these without a word.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    handover = Handover(arguments.to, arguments.timeout, arguments.cut, arguments.die_after)
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
