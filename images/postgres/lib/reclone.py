"""A replica that can never stream again clones the leader anew, by itself.

Patroni 4.0 clones into an empty data directory, rewinds or clones after a diverged timeline, and
leaves everything else to a person: a replica whose WAL the leader no longer has asks for it every
five seconds for ever, and a data directory that a killed base backup left half filled gets the
advice to "consider doing reinitialize". This watcher gives that order, once it is proven that
nothing else helps. What it looks at is in replica_look.py, what it decides by in
reclone_rules.py.
"""

import threading
import time
from collections.abc import Callable

import psycopg2

from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, secret
from lock import Lock, LockHeld
from patroni_api import PatroniError, change
from reclone_rules import WORKING, LeaderLook, Patience, proof, trouble_of
from replica_look import look_at_leader, look_at_self, renew_slot

CHECK_SECONDS = 5.0
# A slot is looked at less often while all is well: it costs the leader a connection.
SLOT_SECONDS = 60.0
# A clone of the largest database that one volume is likely to hold.
CLONE_SECONDS = 12 * 3600.0


class Watch:
    """Looks, decides, and acts through this member's own Patroni."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self.log = log
        self.patience = Patience()
        self.slot_due = 0.0

    def step(self) -> None:
        """One look; a clone, when it must be, is waited for."""
        own = look_at_self()
        now = time.monotonic()
        trouble = self.patience.over(own, now)
        if trouble is not None:
            if reason := proof(trouble, own, look_at_leader()):
                self._reclone(trouble, reason)
            return
        attends = own.streaming and own.role == "replica"
        # Best renewed during a clone: one that streams is cut off for as long as five seconds.
        if (attends or own.state == "creating replica") and now >= self.slot_due:
            self.slot_due = now + SLOT_SECONDS
            self._renew_slot(look_at_leader())

    def _reclone(self, trouble: str, reason: str) -> None:
        """One member at a time: a second one keeps its old copy until the first has a new one."""
        member = fact("MEMBER")
        etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
        try:
            with Lock(etcd, key("reclone"), member):
                # The lock may have come late: the proof must hold now.
                own, leader = look_at_self(), look_at_leader()
                if trouble_of(own) != trouble or proof(trouble, own, leader) is None:
                    return
                self.log(f"{member} clones {leader.name} anew: {reason}")
                self.patience.tried(time.monotonic())
                change("127.0.0.1", "POST", "/reinitialize", {"force": True}, 10.0)
                begin = time.monotonic()
                self._renew_slot(leader)
                self._wait(member, begin)
        except LockHeld as error:
            self.log(f"{member} must be cloned anew ({reason}) and waits: {error}")
            self.patience.not_before = time.monotonic() + 3 * CHECK_SECONDS
        except EtcdError as error:
            self.log(f"{member} must be cloned anew ({reason}); not without etcd: {error}")

    def _wait(self, member: str, begin: float) -> None:
        """Until the member streams, or Patroni has given up."""
        idle = begin
        while (now := time.monotonic()) - begin < CLONE_SECONDS:
            time.sleep(1)
            try:
                own = look_at_self()
            except PatroniError:
                own = None
            if own and own.streaming:
                took = time.monotonic() - begin
                self.log(f"{member} streams again, cloned anew in {took:.0f} s")
                self.slot_due = 0.0
                return
            if own and own.state in WORKING:
                idle = now
            elif now - idle > 30:
                break
        self.log(f"{member} was not cloned; the next try in {self.patience.pause:.0f} s")

    def _renew_slot(self, leader: LeaderLook) -> None:
        """A slot that was once given up stays so: it would hold back no WAL next time."""
        if not (leader.works and leader.slot_invalid):
            return
        try:
            renew_slot(leader, fact("MEMBER"))
        except psycopg2.Error as error:
            # Looked at again as soon as it streams.
            self.log(f"the slot on {leader.name} was given up and is not replaced yet: {error}")
        else:
            self.log(f"the slot on {leader.name} was given up while this one was away: made anew")


def watch(log: Callable[[str], None]) -> None:
    """Looks for ever in a thread of its own."""

    def run() -> None:
        own = Watch(log)
        while True:
            time.sleep(CHECK_SECONDS)
            try:
                own.step()
            except (PatroniError, EtcdError, psycopg2.Error):
                # No answer is no proof.
                continue
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the watcher must outlive its own mistakes
                log(f"the watch over this replica failed: {error!r}")
                time.sleep(60)

    threading.Thread(target=run, daemon=True).start()
