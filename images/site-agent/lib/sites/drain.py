"""The end of writes at an active site, without a client that does not know what became of its last one."""

from collections.abc import Callable

import psycopg2

from sites import lsn
from sites.agent import Agent
from sites.database import Database
from sites.refusals import Refused
from sites.state import ACTIVE, DRAINING, become

STATUS = "./holdfast site status"
# How long transactions may take to end by themselves.
CLIENTS_SECONDS = 6.0


class Drain:
    """What `drain` does, and a `demote` of an active site."""

    def __init__(
        self, agent: Agent, database: Callable[[str], Database], turn: Callable[[], None],
        sleep: Callable[[float], None],
    ) -> None:  # fmt: skip
        self._agent, self._database, self._turn, self._sleep = agent, database, turn, sleep

    def end_writes(self, epoch: int) -> int:
        """Clients first, then the role; the position after the last write, 0 where nobody led.

        The epoch is kept: a promotion with a lower one that is still on its way is refused from now on.
        """
        agent = self._agent
        primary = agent.cluster.primary
        with agent.lock:
            if agent.state.role == ACTIVE:
                # In force for poolers and edge; Patroni hears of it when the clients are done.
                agent.held = True
                agent.change(become(agent.state, DRAINING, "draining", agent.wall(), epoch=epoch))
        if primary is None:
            self._enforce()
            return 0
        database = self._database(primary.address)
        try:
            end = agent.monotonic() + CLIENTS_SECONDS
            # The poolers look twice a second: whoever is let in by then is waited for.
            self._sleep(1.0)
            while database.busy() and agent.monotonic() < end:
                self._sleep(0.1)
            database.end_clients()
            return lsn.number(database.checkpoint())
        except psycopg2.Error as error:
            raise Refused(f"the leader does not answer: {error}".strip(), STATUS) from error
        finally:
            self._enforce()

    def at_rest(self, least: int) -> bool:
        """Whether it is a standby leader and has replayed all that was written: it stands still."""
        before = self._agent.cluster.standby_leader
        self._sleep(1.0)
        self._turn()
        after = self._agent.cluster.standby_leader
        return (
            before is not None
            and after is not None
            and after.position == before.position
            and after.position >= least
        )

    def _enforce(self) -> None:
        with self._agent.lock:
            self._agent.held = False
            self._agent.enforce()


def how(agent: Agent) -> str:
    """"follow" where this site's data ends before the other one's timeline began, else "rewind"."""
    lead = agent.cluster.leader
    if lead is None or not lead.timeline:
        return "rewind"
    ends = dict(agent.peer.forks())
    if lead.timeline not in ends:
        # The other site is still on this timeline, or was never heard.
        return "follow" if agent.peer.last() is not None else "rewind"
    return "follow" if lead.position <= ends[lead.timeline] else "rewind"
