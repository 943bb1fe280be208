"""What the commands may ask of a site. Each is idempotent, and answers the status or raises Refused."""

import time
from collections.abc import Callable

from etcd_gateway import EtcdError
from sites import lsn, refusals, report
from sites.agent import Agent
from sites.database import Database
from sites.drain import STATUS, Drain, how
from sites.refusals import Refused
from sites.rules import Seen
from sites.state import ACTIVE, DRAINING, STANDBY, UNCONFIRMED, become

PATIENCE_SECONDS = 60.0
# A rewind, or a new base backup, may have begun by then; the rest is for `status` to watch.
FOLLOW_SECONDS = 60.0


class Verbs:
    """Carried out one at a time, each in the thread of whoever asks."""

    def __init__(
        self, agent: Agent, database: Callable[[str], Database], turn: Callable[[], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.agent, self._database, self._turn, self._sleep = agent, database, turn, sleep
        self._drain = Drain(agent, database, turn, sleep)

    def status(self) -> dict:
        """Everything that is known."""
        return report.status(self.agent)

    def found(self) -> dict:
        """The site that is active when the environment is made; once in its life."""
        agent = self.agent
        self._wait(lambda: agent.started, 30.0, "etcd does not answer", STATUS)
        with agent.lock:
            if agent.state.known:
                return self.status()
            other, seen = agent.peer.now(), agent.seen
            if other is not None and other.epoch > 0:
                raise Refused(f"site {other.site} knows epoch {other.epoch}: nothing begins here", STATUS)
            if seen is not None and seen.epoch > 0:
                raise Refused(f"the witness knows epoch {seen.epoch}: nothing begins here", STATUS)
        self._wait(lambda: agent.lease(1), 30.0, "the witness gives no lease", STATUS)
        self._become(ACTIVE, "the environment was made with it", epoch=1, active=agent.state.site)
        return self.status()

    def drain(self, epoch: int) -> dict:
        """Stops writes here, and answers the last position (`lsn`)."""
        agent = self.agent
        refusals.refuse_old(agent.state, epoch)
        if agent.state.role not in (ACTIVE, DRAINING):
            raise Refused(f"site {agent.state.site} is {agent.state.role}, not active", STATUS)
        if agent.state.role == DRAINING and agent.state.lsn:
            self._become(DRAINING, agent.state.reason, epoch=epoch, lsn=agent.state.lsn)
            return self.status()
        least = self._drain.end_writes(epoch)
        self._wait(
            lambda: self._drain.at_rest(least),
            PATIENCE_SECONDS, "the leader has not become a standby leader", STATUS,
        )  # fmt: skip
        head = agent.cluster.standby_leader
        token = lsn.text(head.position if head else least)
        self._become(DRAINING, "drained", epoch=epoch, lsn=token)
        return self.status()

    def promote(self, epoch: int, at: str | None = None) -> dict:
        """Makes this the active site; with `at` only once that position is replayed."""
        agent = self.agent
        if agent.state.role == ACTIVE and agent.state.epoch == epoch:
            return self._writable()
        agent.peer.look()
        refusals.refuse_promotion(agent.state, epoch, agent.peer.now(), self._asked())
        if agent.state.role == ACTIVE:
            raise Refused(f"site {agent.state.site} is active with epoch {agent.state.epoch}", STATUS)
        if at is not None:
            self._wait_for(lsn.number(at), at)
        with agent.lock:
            # What was heard while it waited counts.
            seen = self._asked()
            refusals.refuse_promotion(agent.state, epoch, agent.peer.now(), seen)
            self._begin_writes(epoch, seen, "promoted")
        return self._writable()

    def _begin_writes(self, epoch: int, seen: Seen | None, reason: str) -> None:
        """The lease, where there is a witness, and the role. `seen`: what that said a moment ago."""
        agent = self.agent
        refusals.refuse_forgotten(agent.state, seen, agent.free_seconds())
        if not agent.lease(epoch, None if seen is None else seen.epoch):
            raise Refused("the witness gives no lease", STATUS)
        self._become(ACTIVE, reason, epoch=epoch, active=agent.state.site)

    def _asked(self) -> Seen | None:
        """The witness, now: an old answer decides nothing."""
        if self.agent.witness is None:
            return None
        try:
            seen = self.agent.witness.look()
        except EtcdError as error:
            raise Refused(f"the witness does not answer: {error}", STATUS) from error
        with self.agent.lock:
            self.agent.saw(seen, self.agent.monotonic())
        return seen

    def _wait_for(self, least: int, shown: str) -> None:
        agent = self.agent

        def there() -> bool:
            self._turn()
            lead = agent.cluster.leader
            return lead is not None and lead.position >= least

        self._wait(there, PATIENCE_SECONDS, f"{shown} is not replayed here", STATUS)

    def _writable(self) -> dict:
        """Until the leader takes writes."""
        agent = self.agent

        def taken() -> bool:
            self._turn()
            primary = agent.cluster.primary
            return primary is not None and self._database(primary.address).takes_writes()

        self._wait(taken, PATIENCE_SECONDS, "no member has become primary", STATUS)
        return self.status()

    def demote(self, epoch: int, follow: str) -> dict:
        """Makes this a standby of the other site, by what its data needs: nothing, a rewind, a copy."""
        agent = self.agent
        refusals.refuse_old(agent.state, epoch)
        if follow != agent.facts.place.other:
            raise Refused(f"there is no site {follow} to follow; the other one is {agent.facts.place.other}",
                          f"holdfast-site demote --epoch {epoch} --follow {agent.facts.place.other}")  # fmt: skip
        if agent.state.role == ACTIVE:
            self._drain.end_writes(epoch)
        method = how(agent)
        if agent.witness is not None:
            self._give_back()
        self._become(STANDBY, f"follows site {follow}", epoch=epoch, active=follow)
        copied = False
        end = agent.monotonic() + FOLLOW_SECONDS
        while agent.monotonic() < end:
            self._turn()
            copied = copied or any(m.state == "creating replica" for m in agent.cluster.members)
            lead = agent.cluster.standby_leader
            if lead is not None and lead.replication == "streaming":
                break
            self._sleep(0.5)
        return {**self.status(), "method": "clone" if copied else method}

    def activate(self, epoch: int) -> dict:
        """A person's word that a cold site is still the active one."""
        agent = self.agent
        if agent.state.role == ACTIVE and agent.state.epoch == epoch:
            return self._writable()
        agent.peer.look()
        with agent.lock:
            seen = self._asked()
            refusals.refuse_activation(agent.state, epoch, agent.peer.now(), seen)
            self._begin_writes(epoch, seen, "confirmed by a person")
        return self._writable()

    def release(self) -> dict:
        """Gives back the lease, so that the other site need not wait for its end."""
        if self.agent.state.role == ACTIVE:
            raise Refused(f"site {self.agent.state.site} is active", "drain it first")
        self._give_back()
        return self.status()

    def _give_back(self) -> None:
        agent = self.agent
        if agent.witness is None:
            return
        try:
            with agent.lock:
                if agent.state.role == ACTIVE:
                    agent.change(become(agent.state, UNCONFIRMED, "gives back the lease", agent.wall()))
                agent.witness.release()
                agent.saw(agent.witness.look(), agent.monotonic())
        except EtcdError as error:
            # It ends by itself within its time.
            agent.seen = None
            agent.note(f"the lease was not given back: {error}")

    def _become(self, role: str, reason: str, **more: object) -> None:
        agent = self.agent
        with agent.lock:
            agent.change(become(agent.state, role, reason, agent.wall(), **more))  # type: ignore[arg-type]
            agent.enforce()

    def _wait(self, done: Callable[[], bool], seconds: float, fault: str, next_step: str) -> None:
        end = self.agent.monotonic() + seconds
        while not done():
            if self.agent.monotonic() > end:
                raise Refused(f"{fault} after {seconds:.0f} s", next_step)
            self._sleep(0.25)
