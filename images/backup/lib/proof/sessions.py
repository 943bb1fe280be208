"""Connections of role `backup` to the cluster's members. Times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions

from backup import paths
from backup.cluster import Member
from backup.errors import BackupError

ROLE = "backup"
CONNECT_SECONDS = 5
# A member that hangs must not hang the drill with it. Counting has limits of its own.
STATEMENT_SECONDS = 30


def open_session(member: Member, database: str, name: str) -> psycopg2.extensions.connection:
    """An autocommit session with application_name `name`; raises BackupError naming the member."""
    try:
        password = paths.BACKUP_PASSWORD.read_text().strip()
        connection = psycopg2.connect(
            host=member.host,
            port=member.port,
            dbname=database,
            user=ROLE,
            password=password,
            connect_timeout=CONNECT_SECONDS,
            application_name=name,
            options=f"-c statement_timeout={STATEMENT_SECONDS * 1000}",
        )
    except OSError as error:
        raise BackupError(f"cannot read {paths.BACKUP_PASSWORD}: {error.strerror}") from error
    except psycopg2.Error as error:
        raise BackupError(
            f"cannot connect to {database} on {member.name}: {error}".strip()
        ) from error
    connection.autocommit = True
    return connection


def row(connection: psycopg2.extensions.connection, text: str, *values: Any) -> tuple[Any, ...]:
    """The first row; raises BackupError when the server refuses or there is none."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(text, values or None)
            found = cursor.fetchone()
    except psycopg2.Error as error:
        raise BackupError(str(error).strip()) from error
    if found is None:
        raise BackupError(f"no row: {' '.join(text.split())}")
    return tuple(found)


def databases(connection: psycopg2.extensions.connection) -> list[str]:
    """The databases that hold data and that this session's role may enter."""
    text = """SELECT coalesce(array_agg(datname::text ORDER BY datname), '{}') FROM pg_database
              WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT')"""
    return list(row(connection, text)[0])


@dataclass(frozen=True)
class Heartbeat:
    """One row of holdfast.heartbeat: proof that something was written and committed then."""

    id: int
    at: float
    lsn: str


PRESENT = "SELECT to_regclass('holdfast.heartbeat') IS NOT NULL"
HEARTBEAT = """
SELECT id, extract(epoch FROM at)::float8, lsn::text FROM holdfast.heartbeat
WHERE {} ORDER BY id {} LIMIT 1
"""


def has_heartbeats(connection: psycopg2.extensions.connection) -> bool:
    """Whether the table is in this database."""
    return bool(row(connection, PRESENT)[0])


def newest_heartbeat(
    connection: psycopg2.extensions.connection, condition: str = "true", *values: Any
) -> Heartbeat | None:
    """The newest row that meets `condition`; None without one or without the table."""
    return _heartbeat(connection, condition, "DESC", values)


def oldest_heartbeat(
    connection: psycopg2.extensions.connection, condition: str, *values: Any
) -> Heartbeat | None:
    """The oldest row that meets `condition`; None without one or without the table."""
    return _heartbeat(connection, condition, "ASC", values)


def _heartbeat(
    connection: psycopg2.extensions.connection, condition: str, order: str, values: tuple[Any, ...]
) -> Heartbeat | None:
    if not has_heartbeats(connection):
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute(HEARTBEAT.format(condition, order), values or None)
            found = cursor.fetchone()
    except psycopg2.Error as error:
        raise BackupError(f"cannot read holdfast.heartbeat: {error}".strip()) from error
    return Heartbeat(int(found[0]), float(found[1]), str(found[2])) if found else None
