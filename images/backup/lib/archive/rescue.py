"""A WAL file that no repository has, from the pg_wal of a member that still keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backup.cluster import Member

from . import names, sql, walfile

# Read in parts: a segment as one value would take several times its size in memory.
PART_BYTES = 1 << 20
PART = "SELECT pg_read_binary_file(%s, %s, %s, true)"
SYSTEM = "SELECT system_identifier FROM pg_control_system()"
# Below this a member has the WAL completely: written by a leader, received by a replica.
REACHED = """
SELECT (CASE WHEN pg_is_in_recovery()
             THEN greatest(pg_last_wal_replay_lsn(), pg_last_wal_receive_lsn())
             ELSE pg_current_wal_flush_lsn() END)::text
"""
Connect = Callable[[Member, str], Any]


class NotThere(Exception):
    """This member does not have the file, or not the whole of it; the message says which."""


def read(member: Member, database: str, name: str, connect: Connect = sql.connect) -> bytes:
    """The file's content. Raises NotThere, or psycopg2.Error when the member does not answer."""
    connection = connect(member, database)
    try:
        place = names.segment(name)
        if place is not None:
            reached = names.parse_lsn(sql.row(connection, REACHED)[0])
            if reached < names.start_of(place.number + 1):
                raise NotThere(f"{member.name} has not come that far")
        content = _content(connection, f"pg_wal/{name}", member.name)
        if place is not None:
            # The function returns a signed number.
            system_id = sql.row(connection, SYSTEM)[0] % (1 << 64)
            problem = walfile.fault(name, content, system_id)
            if problem:
                raise NotThere(f"{member.name}: {name}: {problem}")
        elif names.history_timeline(name) is not None:
            _check_history(content, member.name)
        return content
    finally:
        connection.close()


def into(folder: Path, name: str, content: bytes) -> Path:
    """Writes the content to a file of that name, ready to be pushed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / name
    target.write_bytes(content)
    return target


def _content(connection: Any, path: str, member: str) -> bytes:
    parts = bytearray()
    while True:
        part = sql.row(connection, PART, (path, len(parts), PART_BYTES))[0]
        if part is None:
            raise NotThere(f"{member} does not have {path}")
        parts += part
        if len(part) < PART_BYTES:
            return bytes(parts)
        if len(parts) > names.SEGMENT_BYTES:
            raise NotThere(f"{member}: {path} is too large")


def _check_history(content: bytes, member: str) -> None:
    try:
        names.parse_history(content.decode())
    except ValueError as error:
        raise NotThere(f"{member}: {error}") from error
