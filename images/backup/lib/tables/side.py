"""Moves tables of a scratch copy into a schema of their own, so that they are dumped from there.

The copy is thrown away: what ties the tables to others is cut in it, not in the live database. A
restored row may point at rows that are gone since, so foreign keys, triggers, rules and policies
stay behind; keys, indexes, checks, defaults and owned sequences come along.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg2
import psycopg2.extensions

from backup.errors import BackupError

from .names import Table, qualified, quoted

PRESENT = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
# Partitions and inheriting tables at any depth: a parent's rows are in them.
CHILDREN = """
WITH RECURSIVE tree(oid) AS (
  SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = %s::regclass
  UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
SELECT n.nspname, c.relname FROM tree t JOIN pg_class c ON c.oid = t.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
"""
PARENTS = """
SELECT n.nspname, c.relname, k.relispartition
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_class k ON k.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.inhrelid = %s::regclass
"""
# What a table loses, as statements; of what a parent hands down, the parent's own goes.
TIES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname)
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype = 'f' AND conparentid = 0
UNION ALL
SELECT format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass)
FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal AND tgparentid = 0
UNION ALL
SELECT format('DROP RULE %%I ON %%s', rulename, ev_class::regclass)
FROM pg_rewrite WHERE ev_class = %(table)s::regclass AND rulename <> '_RETURN'
UNION ALL
SELECT format('DROP POLICY %%I ON %%s', polname, polrelid::regclass)
FROM pg_policy WHERE polrelid = %(table)s::regclass
UNION ALL
SELECT format('ALTER TABLE %%s DISABLE ROW LEVEL SECURITY', oid::regclass)
FROM pg_class WHERE oid = %(table)s::regclass AND relrowsecurity
"""


def present(connection: psycopg2.extensions.connection) -> list[Table]:
    """Every table of people's own in this database."""
    return [Table(*row) for row in _rows(connection, PRESENT)]


def with_children(
    connection: psycopg2.extensions.connection, tables: Iterable[Table]
) -> list[Table]:
    """The tables with their partitions and inheriting tables, none twice."""
    found: dict[Table, None] = {}
    for table in tables:
        found[table] = None
        for row in _rows(connection, CHILDREN, (qualified(table),)):
            found[Table(*row)] = None
    return list(found)


def move(
    connection: psycopg2.extensions.connection, tables: list[Table], schema: str
) -> dict[Table, int]:
    """Moves the tables into `schema`, which is made, and counts their rows; commits.

    Raises BackupError where two have the same name.
    """
    by_name: dict[str, Table] = {}
    for table in tables:
        other = by_name.setdefault(table.name, table)
        if other != table:
            raise BackupError(
                f"{other.schema}.{other.name} and {table.schema}.{table.name} do not fit into one "
                "schema: restore them one after the other"
            )
    _run(connection, f"CREATE SCHEMA {quoted(schema)}")
    for table in tables:
        for parent_schema, parent_name, is_partition in _rows(
            connection, PARENTS, (qualified(table),)
        ):
            parent = Table(parent_schema, parent_name)
            if parent not in tables:
                _run(connection, _cut(table, parent, is_partition))
    for table in tables:
        for (statement,) in _rows(connection, TIES, {"table": qualified(table)}):
            _run(connection, statement)
    for table in tables:
        _run(connection, f"ALTER TABLE {qualified(table)} SET SCHEMA {quoted(schema)}")
    counts = {
        table: int(
            _rows(connection, f"SELECT count(*) FROM {qualified(Table(schema, table.name))}")[0][0]
        )
        for table in tables
    }
    connection.commit()
    return counts


def _cut(table: Table, parent: Table, is_partition: bool) -> str:
    """Makes a table of its own of one whose parent stays behind."""
    if is_partition:
        return f"ALTER TABLE {qualified(parent)} DETACH PARTITION {qualified(table)}"
    return f"ALTER TABLE {qualified(table)} NO INHERIT {qualified(parent)}"


def _rows(
    connection: psycopg2.extensions.connection, query: str, values: Any = None
) -> list[tuple[Any, ...]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()
    except psycopg2.Error as error:
        raise BackupError(f"the scratch copy: {error}".strip()) from error


def _run(connection: psycopg2.extensions.connection, statement: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.Error as error:
        raise BackupError(f"the scratch copy, {statement}: {error}".strip()) from error
