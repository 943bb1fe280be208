"""PgBouncer's admin console with a time limit on every step.

psycopg2 in asynchronous mode: a synchronous call would wait for ever on a PgBouncer that hangs.
"""

import select
import time
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2 import extensions

ADMIN_USER = "holdfast"


class AdminError(Exception):
    """The console refused a command or cannot be reached; the message is PgBouncer's."""


class AdminTimeout(AdminError):
    """No answer within the time limit."""


class AdminGone(AdminError):
    """Nothing listens: PgBouncer is not running, so nothing is paused."""


class AdminConsole:
    """One connection to the admin console. Not shared between threads. Use as a context manager."""

    def __init__(self, password: str, port: int, timeout: float, host: str = "127.0.0.1") -> None:
        """Connects within `timeout` seconds. Raises AdminError, AdminTimeout, AdminGone."""
        deadline = time.monotonic() + timeout
        try:
            self._connection = psycopg2.connect(
                host=host, port=port, user=ADMIN_USER, password=password,
                dbname="pgbouncer", async_=1, sslmode="disable",
            )
            self._wait(deadline, lambda: False)
        except psycopg2.Error as error:
            message = _message(error)
            raise (AdminGone if "refused" in message else AdminError)(message) from error
        except AdminTimeout:
            self.close()
            raise

    def __enter__(self) -> "AdminConsole":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; never raises."""
        try:
            self._connection.close()
        except (psycopg2.Error, AttributeError):
            pass

    def run(
        self, command: str, timeout: float, cancelled: Callable[[], bool] = lambda: False
    ) -> list[dict[str, Any]]:
        """Runs one command and returns its rows (SHOW ...), empty for others.

        Raises AdminTimeout after `timeout` seconds or as soon as `cancelled()`; the connection is
        then of no use.
        """
        try:
            cursor = self._connection.cursor()
            cursor.execute(command)
            self._wait(time.monotonic() + timeout, cancelled)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except psycopg2.Error as error:
            raise AdminError(_message(error)) from error

    def _wait(self, deadline: float, cancelled: Callable[[], bool]) -> None:
        while True:
            state = self._connection.poll()
            if state == extensions.POLL_OK:
                return
            left = deadline - time.monotonic()
            if left <= 0 or cancelled():
                raise AdminTimeout("PgBouncer's admin console gave no answer in time")
            descriptor = self._connection.fileno()
            reads = [descriptor] if state == extensions.POLL_READ else []
            writes = [descriptor] if state == extensions.POLL_WRITE else []
            select.select(reads, writes, [], min(left, 0.25))


def _message(error: psycopg2.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def quote(name: str) -> str:
    """A database's name as an identifier of the console."""
    return '"' + name.replace('"', '""') + '"'
