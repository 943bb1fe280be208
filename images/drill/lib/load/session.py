"""A connection of psycopg2 in asynchronous mode: no step of it can outlast its deadline.

A synchronous call would wait for ever on a server that hangs. libpq itself cannot be asked to try
one host after the other here, because its asynchronous connects know no time limit.
"""

import asyncio
import time
from typing import Any

import psycopg2
from psycopg2 import extensions

from load.order import Target


class DeadlineMissed(Exception):
    """No answer in time. The connection is of no use any more."""


class Session:
    """One client's connection, made again after each loss. Use from one task only."""

    def __init__(self, target: Target, first_host: int, application: str) -> None:
        """Connects when first used, beginning with host number `first_host` (any number)."""
        self._target = target
        self._next_host = first_host
        self._application = application
        self._connection: Any = None

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def connect(self, deadline: float) -> None:
        """Tries each host once, from the one after the last that failed.

        Raises psycopg2.Error of the last host, DeadlineMissed when all were silent.
        """
        failure: Exception = DeadlineMissed("no time left to connect")
        for _ in self._target.hosts:
            limit = min(deadline, time.monotonic() + self._target.connect_seconds)
            try:
                return await self._connect_to(self._next_host, limit)
            except DeadlineMissed:
                host, port = self._host(self._next_host)
                failure = DeadlineMissed(f"{host}:{port} let nobody in before the time was up")
            except psycopg2.Error as error:
                failure = error
            self.close()
            self._next_host += 1
            if time.monotonic() >= deadline:
                break
        raise failure

    async def run(self, statement: str, parameters: tuple, deadline: float) -> Any:
        """Runs one statement and returns its cursor. Raises psycopg2.Error, DeadlineMissed."""
        cursor = self._connection.cursor()
        cursor.execute(statement, parameters or None)
        await self._ready(deadline)
        return cursor

    def take_notices(self) -> list[str]:
        """What the server said beside its answers since the last look."""
        notices = list(self._connection.notices)
        del self._connection.notices[:]
        return notices

    def close(self) -> None:
        """Closes the connection, if there is one; never raises."""
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                connection.close()
        except psycopg2.Error:
            pass

    def _host(self, number: int) -> tuple[str, int]:
        return self._target.hosts[number % len(self._target.hosts)]

    async def _connect_to(self, number: int, deadline: float) -> None:
        host, port = self._host(number)
        target = self._target
        self._connection = psycopg2.connect(
            host=host, port=port, user=target.user, password=target.password,
            dbname=target.database, application_name=self._application,
            # There is no Kerberos here; looking for its tickets costs a connect some milliseconds.
            gssencmode="disable", async_=1,
        )
        await self._ready(deadline)

    async def _ready(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        while (state := self._connection.poll()) != extensions.POLL_OK:
            # Asked each time: libpq may change the socket while it connects.
            descriptor = self._connection.fileno()
            future = loop.create_future()
            done = _resolver(future)
            reads = state == extensions.POLL_READ
            if reads:
                loop.add_reader(descriptor, done)
            else:
                loop.add_writer(descriptor, done)
            timer = loop.call_later(max(0.0, deadline - time.monotonic()), _fail, future)
            try:
                await future
            finally:
                timer.cancel()
                if reads:
                    loop.remove_reader(descriptor)
                else:
                    loop.remove_writer(descriptor)


def _resolver(future: asyncio.Future) -> Any:
    def done() -> None:
        if not future.done():
            future.set_result(None)

    return done


def _fail(future: asyncio.Future) -> None:
    if not future.done():
        future.set_exception(DeadlineMissed("no answer in time"))
