"""The tables as one transaction of SQL on standard output, for psql on the live leader.

All or nothing: COMMIT is the last statement, and comes only after pg_dump ended well and the rows
that arrived were counted. Whoever reads an end without it rolls back.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from backup.errors import BackupError

from .names import Table, qualified, quoted

DUMP_OPTIONS = (
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--no-tablespaces",
)


def opening(schema: str, owner: str) -> str:
    """What comes before the dump: a schema of the owner, and all that follows made by the owner."""
    return (
        "BEGIN;\n"
        f"CREATE SCHEMA {quoted(schema)} AUTHORIZATION {quoted(owner)};\n"
        f"SET LOCAL ROLE {quoted(owner)};\n"
    )


def closing(schema: str, counts: Mapping[Table, int]) -> str:
    """What comes after it: every table has the rows it had in the copy, or nothing happened."""
    checks = [_check(Table(schema, table.name), rows) for table, rows in counts.items()]
    return "".join(checks) + "RESET ROLE;\nCOMMIT;\n"


def _check(table: Table, rows: int) -> str:
    name = qualified(table)
    message = f"{table.name}: rows arrived that do not match the backup".replace("'", "''")
    return (
        f"ANALYZE {name};\n"
        f"DO $holdfast$BEGIN IF (SELECT count(*) FROM {name}) <> {rows} THEN "
        f"RAISE EXCEPTION '{message.replace('%', '%%')}'; END IF; END$holdfast$;\n"
    )


def without_schema(lines: Iterable[bytes], schema: str) -> Iterable[bytes]:
    """A dump without its own CREATE SCHEMA, which would belong to whoever loads it.

    Only the first such line: a later one may be somebody's data.
    """
    unwanted = {
        f"CREATE SCHEMA {name};\n".encode() for name in (schema, quoted(schema))
    }
    waiting = True
    for line in lines:
        if waiting and line in unwanted:
            waiting = False
            continue
        yield line


def send(
    dump: list[str], schema: str, owner: str, counts: Mapping[Table, int], out: BinaryIO
) -> None:
    """Writes the whole transaction; `dump` is pg_dump's command line without its options.

    Raises BackupError when pg_dump fails: COMMIT is not written then.
    """
    out.write(opening(schema, owner).encode())
    command = [dump[0], f"--schema={quoted(schema)}", *DUMP_OPTIONS, *dump[1:]]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in without_schema(child.stdout or (), schema):
        out.write(line)
    _, words = child.communicate()
    if child.returncode != 0:
        raise BackupError(f"pg_dump of the copy: {words.decode(errors='replace').strip()}")
    out.write(closing(schema, counts).encode())
    out.flush()
