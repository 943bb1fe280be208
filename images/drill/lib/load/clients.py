"""The clients of the database, and the pace of all. Each makes one call at a time, at its own instants."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import psycopg2

from load import outcome
from load.journal import Clock, Journal
from load.order import Crew, Order
from load.pacing import next_slot
from load.session import DeadlineMissed, Session

# Between a failure and the next try, in seconds; the pace of most loads is slower anyway.
BACKOFF_SECONDS = 0.1

# The timeline and the server tell two leaders apart; both are known on a leader only, where a
# write is. The timeline is the first eight digits of the WAL file's name.
INSERT = (
    "INSERT INTO holdfast_drill.ledger (run, client, sequence) VALUES (%s, %s, %s) "
    "RETURNING substring(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8), "
    "host(inet_server_addr())"
)
READ = "SELECT max(id) FROM holdfast_drill.ledger"


async def paced(
    crew: Crew, client: int, stopping: asyncio.Event, call: Callable[[], Awaitable[bool]]
) -> None:
    """Makes a client's calls, one at each of its instants, until `stopping`. A call returns whether
    it went well."""
    phase = time.monotonic() + crew.phase(client)
    slot = phase
    while not stopping.is_set():
        try:
            await asyncio.wait_for(stopping.wait(), max(0.0, slot - time.monotonic()))
            return
        except TimeoutError:
            pass
        went_well = await call()
        now = time.monotonic()
        slot = next_slot(phase, crew.period, now, None if went_well else now + BACKOFF_SECONDS)


class Writer:
    """Transactions of its own, each with the next sequence number, whatever became of the last."""

    def __init__(self, client: int, order: Order, journal: Journal, clock: Clock) -> None:
        self._client = client
        self._order = order
        self._journal = journal
        self._clock = clock
        self._sequence = 0
        # Half of the clients begin at each pooler.
        self._session = Session(order.database, client, "holdfast-drill")

    async def call(self) -> bool:
        self._sequence += 1
        begin = self._clock.now()
        deadline = time.monotonic() + self._order.call_seconds
        timeline, server, hung, error = None, None, False, None
        ended = outcome.REJECTED
        commit_sent = False
        try:
            if not self._session.connected:
                await self._session.connect(deadline)
            await self._session.run("BEGIN", (), deadline)
            row = (self._order.run, self._client, self._sequence)
            cursor = await self._session.run(INSERT, row, deadline)
            digits, server = cursor.fetchone()
            timeline = int(digits, 16)
            self._session.take_notices()
            commit_sent = True
            cursor = await self._session.run("COMMIT", (), deadline)
            notices = self._session.take_notices()
            ended = outcome.of_answer(cursor.statusmessage, notices)
            if ended != outcome.ACKNOWLEDGED:
                error = " ".join([f"answered {cursor.statusmessage}", *notices])
        except DeadlineMissed as missed:
            # A connect that gave up after its own, shorter limit is a failure and no hang.
            hung = time.monotonic() >= deadline
            error = str(missed)
            ended = outcome.UNKNOWN if commit_sent else outcome.REJECTED
        except psycopg2.Error as failure:
            error = str(failure)
            if commit_sent:
                severity = failure.diag.severity_nonlocalized
                ended = outcome.of_commit_error(severity, failure.pgcode)
        if error is not None:
            # After an error the transaction may still be open; a new connection has none.
            self._session.close()
        self._journal.write(
            self._client, self._sequence, begin, self._clock.now(), ended, timeline, server,
            hung, error,
        )
        return error is None

    def close(self) -> None:
        self._session.close()


class Reader:
    """One SELECT at a time from the read pool."""

    def __init__(self, client: int, order: Order, journal: Journal, clock: Clock) -> None:
        self._client = client
        self._seconds = order.call_seconds
        self._journal = journal
        self._clock = clock
        self._session = Session(order.replicas, client, "holdfast-drill")

    async def call(self) -> bool:
        begin = self._clock.now()
        deadline = time.monotonic() + self._seconds
        hung, error = False, None
        try:
            if not self._session.connected:
                await self._session.connect(deadline)
            cursor = await self._session.run(READ, (), deadline)
            cursor.fetchone()
        except (DeadlineMissed, psycopg2.Error) as failure:
            hung = isinstance(failure, DeadlineMissed) and time.monotonic() >= deadline
            error = str(failure)
            self._session.close()
        self._journal.read("r", self._client, begin, self._clock.now(), hung, error)
        return error is None

    def close(self) -> None:
        self._session.close()
