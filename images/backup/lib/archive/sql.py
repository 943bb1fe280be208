"""Connections to the members by role `backup`, each wait bounded on this side as well.

connect_timeout bounds connecting and statement_timeout runs in the server; neither ends the wait
for a server that was frozen meanwhile.
"""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg2
import psycopg2.extensions

from backup import paths
from backup.cluster import Member

ROLE = "backup"
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5
# A little more than the server's own limit, so that its error arrives rather than ours.
ANSWER_SECONDS = 7.0


class Bounded(psycopg2.extensions.connection):
    """Marks the connections whose waits end after ANSWER_SECONDS."""


def connect(member: Member, database: str, write: bool = False) -> Any:
    """An autocommit connection. `write`: only to a leader. Raises psycopg2.Error."""
    connection = psycopg2.connect(
        host=member.host,
        port=member.port,
        dbname=database,
        user=ROLE,
        password=paths.BACKUP_PASSWORD.read_text().strip(),
        target_session_attrs="read-write" if write else "any",
        connect_timeout=CONNECT_SECONDS,
        tcp_user_timeout=STATEMENT_SECONDS * 1000,
        application_name="holdfast-archive",
        options=f"-c statement_timeout={STATEMENT_SECONDS * 1000}",
        connection_factory=Bounded,
    )
    connection.autocommit = True
    return connection


def row(connection: Any, text: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """The first row of a statement. Raises psycopg2.Error."""
    with connection.cursor() as cursor:
        # Without values a % is a percent sign.
        cursor.execute(text, values or None)
        found = cursor.fetchone()
        if found is None:
            raise psycopg2.OperationalError("no row")
        return found


def said(error: Exception) -> str:
    """An error's first line, without the rest of libpq's tale."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _wait(connection: Any) -> None:
    end = time.monotonic() + ANSWER_SECONDS if isinstance(connection, Bounded) else None
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise psycopg2.OperationalError("no answer in time")
        descriptor = connection.fileno()
        reading = state == psycopg2.extensions.POLL_READ
        select.select([descriptor] if reading else [], [] if reading else [descriptor], [], left)


psycopg2.extensions.set_wait_callback(_wait)
