"""How many WAL files wait on each member for the archive: its `.ready` files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2

from backup.cluster import Member

from . import sql

COUNT = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"


def lengths(
    members: Iterable[Member],
    database: str,
    connect: Callable[[Member, str], Any] = sql.connect,
) -> dict[str, int]:
    """Waiting files by member's name; a member that does not answer is left out."""
    asked = list(members)
    if not asked:
        return {}
    # Side by side: one that hangs must not hide the others' queues.
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        found = pool.map(lambda member: _length(member, database, connect), asked)
        pairs = zip(asked, found, strict=True)
        return {member.name: length for member, length in pairs if length is not None}


def _length(member: Member, database: str, connect: Callable[[Member, str], Any]) -> int | None:
    try:
        connection = connect(member, database)
        try:
            return int(sql.row(connection, COUNT)[0])
        finally:
            connection.close()
    except (psycopg2.Error, OSError):
        return None
