"""The agent's loop: looks, decides by rules.py, and enforces the role."""

import threading
import time
from collections.abc import Callable, Sequence

from etcd_gateway import EtcdError
from sites import rules
from sites.facts import Facts
from sites.members import Cluster
from sites.patroni_config import wanted
from sites.peer import Peer
from sites.rules import Seen
from sites.state import ACTIVE, STANDBY, UNCONFIRMED, State, become
from sites.store import Store
from sites.witness import Witness

RENEW_SECONDS = 3.0


class Agent:
    """Owns the state. `lock` is held by whoever changes it: the loop, or one verb at a time."""

    def __init__(
        self, facts: Facts, store: Store, witness: Witness | None, peer: Peer,
        look: Callable[[Sequence[str]], Cluster], say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.facts, self.store, self.witness, self.peer = facts, store, witness, peer
        self._look, self._say = look, say
        self.monotonic, self.wall = monotonic, wall
        self.lock = threading.RLock()
        # One look after the other: a slow one must not undo what a later one saw.
        self._looking = threading.Lock()
        self.state = State(facts.site)
        self.started = False
        self.enforced = False
        # A drain lets clients end first: Patroni is told afterwards.
        self.held = False
        self.founded = False
        self.configured = False
        self.etcd_up = False
        self.unwritten = False
        self.cluster = Cluster()
        self.seen: Seen | None = None
        self.renewed_at: float | None = None
        self.tried_at = float("-inf")
        self.free_since: float | None = None
        self.forks: list[tuple[int, int]] = []
        self.said = ""

    # ---- what others ask ------------------------------------------------------------------------

    def write_seconds(self) -> float | None:
        """For how long writes are allowed from now on; None for as long as it likes."""
        if not self.started:
            return 0.0
        return rules.write_seconds(
            self.state, self.renewed_at, self.facts.witness, self.monotonic()
        )

    def free_seconds(self) -> float:
        """For how long the witness has been seen to give its lease to nobody, with the same epoch."""
        return 0.0 if self.free_since is None else self.monotonic() - self.free_since

    def confirm(self, site: str, epoch: int) -> int | None:
        """Confirms the other site, which asks; the epoch that it is active with, None for a refusal."""
        with self.lock:
            if not self.started or self.witness is not None or site != self.facts.place.other:
                return None
            state = rules.confirms(self.state, site, epoch, self.wall())
            if state is None:
                return None
            self.change(state)
            return state.epoch

    def want(self) -> dict:
        """Patroni's configuration for the role."""
        return wanted(self.state.role, self.facts.place, self.facts.site)

    def may_start(self) -> bool:
        """Whether a member may start: what it would become is known and written down."""
        return self.started and self.state.known and (self.enforced or not self.configured)

    def closed(self) -> bool:
        """Whether the edge turns everybody away."""
        return self.state.role != ACTIVE and not (
            self.facts.running and self.state.role in (STANDBY, UNCONFIRMED)
        )

    # ---- one turn -------------------------------------------------------------------------------

    def turn(self) -> None:
        """Looks at everything, decides, enforces. Whoever does not answer is left out."""
        with self._looking:
            self.cluster = self._look(self.facts.members)
        with self.lock:
            self._begin()
            self._read_site()
            self._tend_lease()
            if self.started:
                self._decide()
            self.enforce()

    def _begin(self) -> None:
        """The first state: what etcd or the memory knows."""
        if self.started:
            return
        try:
            stored = self.store.read()
        except EtcdError as error:
            self.note(f"waiting for etcd: {error}")
            return
        remembered = self.store.remembered()
        state = rules.first_look(stored, remembered, State(self.facts.site))
        lost = stored is None and remembered is not None
        self.state = state
        self.started = True
        after = rules.after_start(state, self.cluster.primary is not None, lost, self.wall())
        if after != state or (lost and after.known):
            self.change(after)

    def _read_site(self) -> None:
        if not self.started:
            return
        try:
            stored = self.store.read()
            self.founded = self.store.founded()
            self.forks = self.store.forks()
            self.etcd_up = True
        except EtcdError as error:
            self.etcd_up = False
            self.note(f"etcd does not answer: {error}")
            return
        if self.unwritten and self.state.known:
            self.change(self.state)
        elif stored is None and self.state.known:
            # All of etcd's data is gone under a running agent: a cold start (M18).
            self.change(rules.after_start(self.state, False, True, self.wall()))

    def _tend_lease(self) -> None:
        """Looks at the witness, and renews the lease while this site is active."""
        if self.witness is None:
            return
        at = self.monotonic()
        if at - self.tried_at < RENEW_SECONDS and self.seen is not None:
            return
        self.tried_at = at
        try:
            keeps = self.started and rules.keeps_lease(self.state, self.renewed_at, at)
            if keeps and self.witness.renew(self.state.epoch):
                self.renewed_at = at
            self.saw(self.witness.look(), at)
            if keeps and self.seen.holder == self.facts.site and self.seen.epoch < self.state.epoch:
                # Taken over from a standby that was told a later word: the witness has to know it too.
                self.lease(self.state.epoch, self.seen.epoch)
        except EtcdError:
            self.seen, self.free_since = None, None

    def saw(self, seen: Seen, at: float) -> None:
        """What the witness says now. A free lease counts anew when the epoch beside it is another one."""
        same = self.free_since is not None and self.seen is not None and self.seen.epoch == seen.epoch
        self.seen = seen
        if seen.holder is not None:
            self.free_since = None
        elif not same:
            self.free_since = at

    def _decide(self) -> None:
        now, at = self.wall(), self.monotonic()
        other = self.peer.now()
        state = rules.heard(self.state, other, not self.founded, now)
        if self.witness is not None and (why := rules.lease_lost(state, self.renewed_at, self.seen, at)):
            state = become(state, UNCONFIRMED, why, now)
        if self.witness is None and rules.asks(state, other):
            state = self._ask(state, now)
        elif self.witness is not None and rules.resumes(state, self.seen):
            state = self._resume(state, now)
        elif self.facts.automatic and self._takes_over(state, at):
            state = self._take_over(state, now)
        if state != self.state:
            self.change(state)

    def _ask(self, state: State, now: float) -> State:
        """The other site writes its word down before it says it; this one is active with that epoch."""
        epoch = self.peer.confirm(state.epoch)
        if epoch is None or epoch <= state.epoch:
            return state
        return become(state, ACTIVE, f"confirmed by site {self.facts.place.other}", now, epoch=epoch)

    def _resume(self, state: State, now: float) -> State:
        if not self.lease(state.epoch, state.epoch):
            return state
        return become(state, ACTIVE, "confirmed by the witness", now)

    def _takes_over(self, state: State, at: float) -> bool:
        ready = self.cluster.standby_leader is not None
        return ready and rules.takes_over(state, self.peer.last(), self.seen, self.free_since, at)

    def _take_over(self, state: State, now: float) -> State:
        other, seen = self.peer.last(), self.seen
        epoch = 1 + max(state.epoch, other.epoch if other else 0, seen.epoch if seen else 0)
        if not self.lease(epoch, state.epoch):
            return state
        return become(state, ACTIVE, "took over: the lease was free and the other site is gone", now,
                      epoch=epoch, active=state.site)  # fmt: skip

    # ---- what changes something -------------------------------------------------------------------

    def lease(self, epoch: int, known: int | None = None) -> bool:
        """Takes the lease at the witness, where there is one, if that knows this epoch then (None: any)."""
        if self.witness is None:
            return True
        at = self.monotonic()
        try:
            if not self.witness.acquire(epoch, known):
                return False
        except EtcdError as error:
            self.note(f"the witness does not answer: {error}")
            return False
        self.renewed_at = self.tried_at = at
        # What was seen before is over.
        self.seen, self.free_since = Seen(epoch, self.facts.site), None
        return True

    def change(self, state: State) -> None:
        """The new state, in force at once here; in etcd as soon as that answers."""
        if (state.role, state.epoch) != (self.state.role, self.state.epoch):
            self._say(f"site {state.site} is {state.role}, epoch {state.epoch}: {state.reason}")
        if state.role != self.state.role:
            self.enforced = False
        self.state = state
        try:
            self.store.write(state)
            self.unwritten = False
        except EtcdError as error:
            self.unwritten = True
            self.note(f"the state is not in etcd yet: {error}")

    def enforce(self) -> None:
        """Patroni's configuration as the role wants it."""
        if not self.started or not self.state.known or self.held:
            return
        try:
            done = self.store.enforce(self.want())
        except EtcdError as error:
            self.note(f"the role is not enforced yet: {error}")
            return
        self.configured = done is not None
        self.enforced = done is True

    def note(self, text: str) -> None:
        """Said once, until something else is."""
        if text != self.said:
            self.said = text
            self._say(text)
