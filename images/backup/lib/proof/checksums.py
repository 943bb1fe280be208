"""Checksums of table contents: what proves, after a restore, that every row came back as it was.

Independent of the order of rows: their number, and the sum of a 64-bit hash of each row's text.
Settings that change how a value reads as text are fixed, so source and copy say the same. A
session that called this keeps those settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg2
import psycopg2.extensions

from backup.errors import BackupError

Entry = dict[str, Any]
"""{"schema", "table", "kind", "rows", "checksum"}; rows and checksum are None without time for it.

kind: `table`, or `view` (materialized) and `extension` (its script's), which a dump makes anew.
"""

BUDGET_SECONDS = 600.0
CANCELLED = "57014"
SAVEPOINT = "holdfast_checksum"

# row_security off: a policy that hides rows from us must be an error and not a smaller table.
SETTINGS = """
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
SET extra_float_digits = 1; SET bytea_output = 'hex'; SET lc_monetary = 'C';
SET xmlbinary = 'base64'; SET search_path = pg_catalog; SET row_security = off
"""

# Unlogged tables are left out: a replica cannot read them, and a restore empties them.
TABLES = """
SELECT n.nspname, c.relname,
       CASE WHEN EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                         AND d.objid = c.oid AND d.deptype = 'e') THEN 'extension'
            WHEN c.relkind = 'm' THEN 'view' ELSE 'table' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND c.relispopulated
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY pg_table_size(c.oid), n.nspname, c.relname
"""

# `held.*` names the whole row even where a column has the alias' name; ONLY: children have entries
# of their own.
CHECKSUM = """
SELECT count(*), coalesce(sum(hashtextextended((held.*)::text COLLATE "C", 0)::numeric), 0)::text
FROM ONLY {} AS held
"""


def of_database(
    connection: psycopg2.extensions.connection,
    budget_seconds: float = BUDGET_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> list[Entry]:
    """Every persistent table, partition leaf and materialized view outside the system's schemas.

    Reads in the connection's own transaction, so its snapshot decides what is seen. The smallest
    tables come first; those left when the budget is spent are listed with rows and checksum None.
    The list is ordered by schema and table. Raises BackupError naming a table that cannot be read.
    """
    end = clock() + budget_seconds
    # A cancelled statement would end the transaction, and with it the exported snapshot.
    guarded = not connection.autocommit
    entries: list[Entry] = []
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(TABLES)
        for schema, table, kind in cursor.fetchall():
            rows, checksum = _checksum(cursor, schema, table, end - clock(), guarded)
            entry = {"schema": schema, "table": table, "kind": kind}
            entries.append({**entry, "rows": rows, "checksum": checksum})
        cursor.execute("SET statement_timeout = 0")
    return sorted(entries, key=lambda entry: (entry["schema"], entry["table"]))


def _checksum(
    cursor: Any, schema: str, table: str, left: float, guarded: bool
) -> tuple[int | None, str | None]:
    if left <= 0:
        return None, None
    try:
        cursor.execute(f"SET statement_timeout = {max(1, int(left * 1000))}")
        if guarded:
            cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        cursor.execute(CHECKSUM.format(f"{_quoted(schema)}.{_quoted(table)}"))
        count, total = cursor.fetchone()
        if guarded:
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")
        return int(count), str(total)
    except psycopg2.Error as error:
        if getattr(error, "pgcode", None) != CANCELLED:
            raise BackupError(f"cannot read table {schema}.{table}: {error}".strip()) from error
        if guarded:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        return None, None


def compare(recorded: Iterable[Entry], found: Iterable[Entry]) -> list[str]:
    """The differences, one sentence each; empty when the copy is the original.

    What was recorded without a checksum is not compared: `uncompared` names it.
    """
    wanted = {_name(entry): entry for entry in recorded}
    present = {_name(entry): entry for entry in found}
    faults = [f"table {name} is not in the copy" for name in sorted(wanted.keys() - present.keys())]
    extra = sorted(present.keys() - wanted.keys())
    faults += [f"table {name} is in the copy and was not recorded" for name in extra]
    for name in sorted(wanted.keys() & present.keys()):
        fault = _difference(wanted[name], present[name])
        if fault:
            faults.append(f"table {name} {fault}")
    return faults


def uncompared(recorded: Iterable[Entry]) -> list[str]:
    """Names of the tables for which there was no time when the checksums were recorded."""
    return sorted(_name(entry) for entry in recorded if entry["checksum"] is None)


def in_dump(entries: Iterable[Entry]) -> list[Entry]:
    """The entries whose rows pg_dump carries: views and extensions' tables are made anew."""
    return [entry for entry in entries if entry.get("kind", "table") == "table"]


def _difference(recorded: Entry, found: Entry) -> str:
    if recorded["checksum"] is None:
        return ""
    if found["checksum"] is None:
        return "could not be counted in the time there was"
    if found["rows"] != recorded["rows"]:
        return f"has {found['rows']} rows, recorded were {recorded['rows']}"
    if str(found["checksum"]) != str(recorded["checksum"]):
        return f"has {found['rows']} rows as recorded, with other contents: the checksums differ"
    return ""


def _name(entry: Entry) -> str:
    return f"{entry['schema']}.{entry['table']}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
