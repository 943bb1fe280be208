"""Lets PgBouncer follow the leader: writes databases.ini, holds new writes while none leads.

PgBouncer speaks straight to the members: a router in this path costs a quarter of the throughput
and is one more thing that can hang (docs/architecture.md has the figures).
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from pooler import sessions
from pooler.admin import AdminError
from pooler.bouncer import Bouncer, say
from pooler.canary import Canary
from pooler.files import Facts, render
from pooler.pause import Pauser
from pooler.postgres import Postgres
from pooler.routes import Routes, decide
from pooler.watch import Watch

# How often it decides when nothing changes: leaves, lags and holds run out with time. Seconds.
ROUND_SECONDS = 0.5
# How long all are asked quickly once a leader is missing; renewed while it is.
HURRY_SECONDS = 2.0
# Between two questions to the PostgreSQL of a leader whose Patroni is silent; how long its word
# counts.
VOUCH_POLL_SECONDS = 0.5
VOUCH_SECONDS = 3.0
# Between two tries of a new leader that answers 200 and does not take writes yet.
WRITABLE_POLL_SECONDS = 0.05


class Follower:
    """Owns databases.ini and the hold. Its own thread acts; `follow` and `leave` may come from others.

    Args:
        facts: names, addresses and limits; `read_facts` gives the present ones, for a reload.
        patience_seconds: how long a statement may hang on a leader that does not answer.
        writable: whether this site may take writes.
    """

    def __init__(
        self,
        path: Path,
        read_facts: Callable[[], Facts],
        password: str,
        pauser: Pauser,
        patience_seconds: float,
        writable: Callable[[], bool] = lambda: True,
    ) -> None:
        self._path = path
        self._writable = writable
        self._read_facts = read_facts
        self.facts = read_facts()
        self._postgres = Postgres(self.facts.database, password)
        self._pauser = pauser
        self._patience = patience_seconds
        self._watch = Watch(self.facts.members)
        self._left: dict[str, float] = {}
        self._lock = threading.Lock()
        self._hold_since = 0.0
        self._vouched_until = 0.0
        self._suspected: str | None = None
        # What PgBouncer has read, None when that is not known; and whether a RESUME is owed to it.
        self._loaded: tuple[str | None, tuple[str, ...]] | None = None
        self._holding = False
        # Statements that hang on members which will not answer: (database, addresses), until cut.
        self._uncut: list[tuple[str, frozenset[str]]] = []
        self._cut = False
        self.routes = Routes()
        self.bouncer: Bouncer | None = None

    def start(self, seconds: float) -> None:
        """Finds the leader, waits for one at most `seconds`, writes the file and goes on for ever."""
        self._watch.start()
        self._watch.hurry(seconds)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.routes.hold:
            self._watch.changed.wait(0.1)
            self._watch.changed.clear()
            self.step()
        self._write()
        threading.Thread(target=self._run, name="follower", daemon=True).start()
        threading.Thread(target=self._ask_postgres, name="vouch", daemon=True).start()
        Canary(
            lambda: None if self.routes.hold else self.routes.leader,
            self._postgres.session,
            self._suspect,
        ).start()

    def reload(self) -> None:
        """Reads the facts again (limits; the members' range is fixed) and decides anew."""
        try:
            self.facts = self._read_facts()
        except SystemExit as error:
            say(f"{error}; the facts stay as they were")
        self._watch.changed.set()

    def follow(self, address: str, seconds: float) -> bool:
        """True as soon as writes lead to `address`; asked by the owner of a handover."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._leads_to(address):
                return True
            self._watch.look_at(address)
            self.step()
            if not self._leads_to(address):
                time.sleep(WRITABLE_POLL_SECONDS)
        return False

    def _leads_to(self, address: str) -> bool:
        routes = self.routes
        if routes.leader != address or routes.hold is not None:
            return False
        # A PgBouncer that does not answer reads the file at its next start; nobody waits for that.
        silent = self.bouncer is None or not self.bouncer.healthy()
        return silent or self._loaded == (routes.leader, routes.readers)

    def leave(self, address: str, seconds: float, drain_seconds: float) -> int:
        """Sends no more reads to `address` for `seconds`; how many run there after the drain."""
        with self._lock:
            self._left[address] = time.monotonic() + seconds
        self.step()
        end = time.monotonic() + drain_seconds
        while (active := self._active(address)) and time.monotonic() < end:
            time.sleep(0.05)
        return active

    def come_back(self, address: str) -> None:
        """Ends a `leave`; the member serves again once it answers as a replica."""
        with self._lock:
            self._left.pop(address, None)
        self._watch.changed.set()

    def started(self) -> None:
        """PgBouncer has just started: it knows the file, and not that writes are held."""
        with self._lock:
            # It may have read the file before the last change, and what hung has ended.
            self._loaded, self._uncut = None, []
            if self.routes.hold:
                self._holding = True
                self._pauser.hold(self.facts.database)

    def status(self) -> dict[str, object]:
        """The routes, for people and programs."""
        routes = self.routes
        return {
            "leader": routes.leader,
            "readers": list(routes.readers),
            "held": routes.hold,
            "heldSeconds": round(time.monotonic() - self._hold_since, 1) if routes.hold else 0,
        }

    def _run(self) -> None:
        while True:
            self._watch.changed.wait(WRITABLE_POLL_SECONDS if self.routes.hold else ROUND_SECONDS)
            self._watch.changed.clear()
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - this thread must never end
                say(f"following the leader: {type(error).__name__}: {error}")
                time.sleep(ROUND_SECONDS)

    def _ask_postgres(self) -> None:
        """Asks the leader's PostgreSQL while its Patroni does not answer; in a thread of its own,
        for it may take its time and another may lead meanwhile."""
        while True:
            time.sleep(VOUCH_POLL_SECONDS)
            leader = self.routes.leader
            look = self._watch.looks().get(leader or "")
            doubted = look is not None and (look.strikes or leader == self._suspected)
            if leader and doubted and self._postgres.takes_writes(leader):
                self._vouched_until = time.monotonic() + VOUCH_SECONDS
                self._suspected = None
                self._watch.changed.set()

    def _suspect(self, address: str) -> None:
        """The leader ended a session: writes are held at once, unless it takes new ones."""
        if self._postgres.takes_writes(address):
            return
        self._suspected = address
        self._watch.hurry(HURRY_SECONDS)
        self._watch.changed.set()

    def step(self) -> None:
        """Decides once and brings PgBouncer there."""
        with self._lock:
            now = time.monotonic()
            self._left = {a: until for a, until in self._left.items() if until > now}
            before, writable = self.routes, self._writable()
            after = decide(before, self._watch.looks(), frozenset(self._left),
                           self.facts.read_lag_limit_bytes, now,
                           now < self._vouched_until, self._suspected, writable)
            if after.leader != self._suspected:
                self._suspected = None
            moved = after.leader != before.leader or (before.hold and not after.hold)
            if writable and moved and after.leader and not self._postgres.takes_writes(after.leader):
                # It answers 200 a moment before the promotion ends: not yet.
                waiting = before.hold or f"{after.leader} takes no writes yet"
                after = Routes(before.leader, waiting, after.readers)
            self._apply(before, after, now)

    def _apply(self, before: Routes, after: Routes, now: float) -> None:
        self.routes = after
        if after.hold:
            self._watch.hurry(HURRY_SECONDS)
        if after.hold and not before.hold:
            say(f"{after.hold}: new writes wait")
            self._hold_since, self._cut = now, False
            self._holding = True
            self._pauser.hold(self.facts.database)
        wanted = (after.leader, after.readers)
        # Compared with what PgBouncer has read, not with the routes before: a RELOAD that was lost on
        # a busy host is sent again, and nobody is let through to where the leader was.
        if wanted != self._loaded and self._load(before, after):
            self._loaded = wanted
        if self._holding and not after.hold and wanted == self._loaded:
            self._pauser.release(self.facts.database)
            self._holding = False
            say(f"writes go to {after.leader}, reads to {', '.join(after.readers)}")
        self._free(before, after, now)

    def _free(self, before: Routes, after: Routes, now: float) -> None:
        """Ends statements that hang on servers which will not answer them."""
        gone = {a for a, look in self._watch.looks().items() if look.gone}
        database, read_database = self.facts.database, self.facts.read_database
        if before.leader and after.leader != before.leader:
            others = frozenset(a for a in self.facts.members if a != after.leader)
            self._uncut.append((database, others))
        removed = frozenset(set(before.readers).difference(after.readers) & gone)
        if removed:
            self._uncut.append((read_database, removed))
        if after.hold and after.leader and not self._cut and now - self._hold_since > self._patience:
            self._cut = True
            self._uncut.append((database, frozenset({after.leader})))
        if not self._uncut or self.bouncer is None or not self.bouncer.healthy():
            return
        left: list[tuple[str, frozenset[str]]] = []
        for what, addresses in self._uncut:
            try:
                count = sessions.cut(self.bouncer, what, set(addresses))
                if count:
                    say(f"{count} clients of {what} cut: their server is gone")
            except AdminError as error:
                say(f"clients of {what} not cut yet: {error}")
                left.append((what, addresses))
        # The next try leaves alone whoever leads or serves by then.
        present = {database: {after.leader}, read_database: set(after.readers)}
        self._uncut = [(what, addresses.difference(present[what])) for what, addresses in left]

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_text(render(self.facts, self.routes))
        draft.replace(self._path)

    def _load(self, before: Routes, after: Routes) -> bool:
        """Writes the file and lets PgBouncer read it. False when it has not read it yet."""
        self._write()
        if before.readers != after.readers and not after.hold and not before.hold:
            say(f"reads go to {', '.join(after.readers)}")
        if self.bouncer is None or not self.bouncer.healthy():
            return False
        try:
            with self.bouncer.console() as console:
                console.run("RELOAD", 2.0)
        except AdminError as error:
            say(f"RELOAD, to be repeated: {error}")
            return False
        return True

    def _active(self, address: str) -> int:
        if self.bouncer is None:
            return 0
        try:
            return len(sessions.busy(self.bouncer, self.facts.read_database, {address}))
        except AdminError:
            return 0
