"""PAUSE as a lease: drains, holds, and resumes by itself when the owner is gone."""

import threading
import time
from collections.abc import Callable
from typing import Any

from pooler.admin import AdminConsole, AdminError, AdminGone, AdminTimeout, quote
from pooler.bouncer import Bouncer, say
from pooler.lease import Conflict, Held, Lease


# At once; what fails then is tried again with each `expire`.
RESUME_TRIES = 4


class NotDrained(Exception):
    """Transactions were still open at the end of the time to drain; `active` is how many."""

    def __init__(self, active: int, seconds: float) -> None:
        count = "an unknown number of" if active < 0 else str(active)
        super().__init__(
            f"{count} server connections still active after {seconds:g} s; clients were resumed"
        )
        self.active = active


class Pauser:
    """PAUSE and RESUME of databases for one owner at a time. Thread-safe."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        # Held around every change of what is paused, so that a lapse cannot resume between
        # another owner's PAUSE and its answer.
        self._change = threading.Lock()
        # Databases whose clients wait because nobody leads, whatever a lease says (follow.py).
        self._on_hold: set[str] = set()
        # Databases to which a RESUME is owed that PgBouncer did not take.
        self._owed: set[str] = set()
        self.bouncer: Bouncer | None = None

    def pause(
        self, owner: str, databases: tuple[str, ...], lease_seconds: float, drain_seconds: float
    ) -> dict[str, Any]:
        """Returns once every client of `databases` waits and no transaction is open there.

        Raises Conflict, NotDrained (and has resumed), AdminError (and has resumed).
        """
        begun = time.monotonic()
        self.expire()
        # While draining the lease cannot lapse: its time begins with the answer.
        renewed = self._lease.take(owner, databases, drain_seconds + lease_seconds)
        with self._change:
            held = self._held_by(owner)
            if held is None:
                raise AdminError("the lease was given back meanwhile; ask again")
            try:
                self._drain(held.databases, drain_seconds, lambda: self._held_by(owner) is None)
                if not self._lease.extend(owner, lease_seconds):
                    raise AdminTimeout("given back")
            except AdminError as error:
                active = self._active(held.databases)
                given_back = self._held_by(owner) is None
                self._give_up(held)
                if given_back:
                    raise AdminError("the owner resumed while clients were draining") from error
                if isinstance(error, AdminTimeout):
                    raise NotDrained(active, drain_seconds) from error
                raise
        return {
            "paused": True,
            "databases": list(held.databases),
            "renewed": renewed,
            "drainedSeconds": round(time.monotonic() - begun, 3),
            "leaseSeconds": lease_seconds,
        }

    def resume(self, owner: str) -> dict[str, Any]:
        """Ends the owner's lease; `wasHeld` is false when it had lapsed before. Raises Conflict.

        Clients that are still draining are let go on at once.
        """
        held = self._lease.give_back(owner)
        with self._change:
            if held is not None:
                self._resume(held.databases)
        return {"paused": False, "wasHeld": held is not None}

    def hold(self, database: str) -> None:
        """Lets new statements wait: nobody leads. Does not wait for those under way."""
        # A drain under way has the lock for seconds, and has paused already: no reason to wait.
        locked = self._change.acquire(timeout=0.2)
        try:
            self._on_hold.add(database)
            with self._console() as console:
                console.run(f"PAUSE {quote(database)}", 0.1)
        except AdminTimeout:
            pass  # paused; statements under way go on
        except AdminGone:
            pass  # it is paused at its start (follow.py)
        except AdminError as error:
            if "already" not in str(error):
                say(f"holding {database}: {error}")
        finally:
            if locked:
                self._change.release()

    def release(self, database: str) -> None:
        """Ends the hold; clients go on unless a lease keeps them."""
        with self._change:
            self._on_hold.discard(database)
            self._resume((database,))

    def expire(self) -> None:
        """Called often: resumes what a vanished owner left paused. Quick while a lease is alive."""
        if self._owed:
            with self._change:
                owed, self._owed = self._owed, set()
                self._resume(tuple(owed))
        if self._lease.current() is not None:
            return
        with self._change:
            held = self._lease.lapsed()
            if held is not None:
                say(f"the lease of {held.owner!r} ended without renewal: resuming")
                self._resume(held.databases)

    def started(self) -> None:
        """PgBouncer has just started: pause again for an owner whose lease is alive.

        In a thread of its own: clients that slipped in are drained, and the watchdog must go on.
        """
        threading.Thread(target=self._pause_again, name="pause-again", daemon=True).start()

    def _pause_again(self) -> None:
        with self._change:
            held = self._lease.current()
            if held is None:
                return
            say(f"PgBouncer restarted during the lease of {held.owner!r}: pausing again")
            try:
                self._drain(
                    held.databases,
                    max(0.5, self._lease.remaining()),
                    lambda: self._held_by(held.owner) is None,
                )
            except AdminError as error:
                # The lease ends by itself, and then whatever is paused is resumed.
                say(f"could not pause again: {error}")

    def status(self) -> dict[str, Any]:
        """The lease, for people and programs."""
        held = self._lease.current()
        if held is None:
            return {"paused": False}
        return {
            "paused": True,
            "owner": held.owner,
            "databases": list(held.databases),
            "remainingSeconds": round(self._lease.remaining(), 1),
        }

    def _console(self) -> AdminConsole:
        if self.bouncer is None:
            raise AdminError("PgBouncer is not running yet")
        return self.bouncer.console()

    def _held_by(self, owner: str) -> Held | None:
        held = self._lease.current()
        return held if held is not None and held.owner == owner else None

    def _drain(
        self, databases: tuple[str, ...], seconds: float, cancelled: Callable[[], bool]
    ) -> None:
        deadline = time.monotonic() + seconds
        for database in databases:
            with self._console() as console:
                try:
                    left = max(0.05, deadline - time.monotonic())
                    console.run(f"PAUSE {quote(database)}", left, cancelled)
                except AdminTimeout:
                    raise
                except AdminError as error:
                    if "already" not in str(error):
                        raise
                    # Paused, perhaps still draining: wait for the last transaction to end.
                    self._wait_idle((database,), deadline, cancelled)

    def _wait_idle(
        self, databases: tuple[str, ...], deadline: float, cancelled: Callable[[], bool]
    ) -> None:
        while self._active(databases) != 0:
            if time.monotonic() > deadline or cancelled():
                raise AdminTimeout("transactions are still open")
            time.sleep(0.05)

    def _active(self, databases: tuple[str, ...]) -> int:
        """Server connections in use by a client; -1 when PgBouncer does not say."""
        try:
            with self._console() as console:
                pools = console.run("SHOW POOLS", 1.0)
        except AdminError:
            return -1
        return sum(int(pool["sv_active"]) for pool in pools if pool["database"] in databases)

    def _give_up(self, held: Held) -> None:
        try:
            self._lease.give_back(held.owner)
        except Conflict:
            return
        self._resume(held.databases)

    def _resume(self, databases: tuple[str, ...]) -> None:
        """RESUME until PgBouncer says so; a PgBouncer that died has nothing paused.

        Leaves alone what a next owner's lease covers by now, and what is on hold.
        """
        current = self._lease.current()
        kept = () if current is None else current.databases
        for database in set(databases).difference(kept, self._on_hold):
            for _ in range(RESUME_TRIES):
                try:
                    with self._console() as console:
                        console.run(f"RESUME {quote(database)}", 1.0)
                    break
                except AdminGone:
                    break
                except AdminError as error:
                    if "not paused" in str(error):
                        break
                    say(f"RESUME {database}: {error}; trying again")
                    time.sleep(0.25)
            else:
                self._owed.add(database)  # `expire` goes on
