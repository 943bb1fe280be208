"""Logical backups: pg_dump in custom format from one exported snapshot, with what proves it later.

The same snapshot serves the dump of the whole database, the one of the tables that were named, and
the checksum of every table's content (M25): a restore can be compared with exactly this instant.

The snapshot's connection and pg_dump must reach the same server, so they go to one node and not
through the router, which may choose another for each. A replica is preferred, the least late.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

from proof import checksums

from . import paths, private, retention, sums
from .cluster import Member
from .errors import BackupError
from .process import run
from .settings import Settings

ROLE = "backup"
CONNECT_SECONDS = 10
# A migration that holds a table must delay the dump, not hang it for ever.
LOCK_WAIT = "60s"
# A server that takes the connection and then says nothing: the kernel finds out.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
LONGEST_SECONDS = 12 * 3600.0
POSITION = """
SELECT pg_export_snapshot(),
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn() END::text,
       pg_database_size(current_database()),
       current_setting('server_version'),
       extract(epoch FROM CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp()
                               ELSE clock_timestamp() END)::float8
"""
TABLE = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p', 'm')
"""


@dataclass(frozen=True)
class Dump:
    """A finished dump folder."""

    label: str
    bytes: int


def take(settings: Settings, members: list[Member], now: float) -> Dump:
    """Dumps every database into dumps/<label>/, which appears only when it is complete."""
    label = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    folder = paths.DUMPS / (label + retention.PARTIAL)
    folder.mkdir(parents=True)
    source = sorted(members, key=lambda member: (member.leader, member.lag))[0]
    write_password_file()
    environment = {
        "PGPASSFILE": str(paths.PASSWORD_FILE),
        "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
    }
    contents = [
        _database(settings, name, source, folder, environment) for name in settings.databases
    ]
    run(
        [
            *_client("pg_dumpall", source),
            "--globals-only",
            # Password hashes are the recovery kit's business, and only a superuser may read them.
            "--no-role-passwords",
            f"--file={folder / 'globals.sql'}",
        ],
        environment,
        LONGEST_SECONDS,
    )
    manifest = {
        "kind": "logical",
        "label": label,
        "stanza": settings.stanza,
        "start": now,
        "stop": time.time(),
        "source": {"member": source.name, "leader": source.leader},
        "databases": contents,
        "globals": "globals.sql",
        "tools": {"pg_dump": run(["pg_dump", "--version"]).strip()},
    }
    size = sums.write(folder, folder, sums.files_below(folder), manifest)
    folder.rename(paths.DUMPS / label)
    return Dump(label, size)


def _database(
    settings: Settings, name: str, source: Member, folder: Path, environment: dict[str, str]
) -> dict[str, Any]:
    """Dumps one database and returns its part of the manifest."""
    connection = _connect(name, source)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        snapshot, lsn, size, version, moment = _position(connection)
        selected = _existing(connection, settings.tables)
        common = [
            *_client("pg_dump", source),
            "--format=custom",
            "--compress=zstd:3",
            f"--snapshot={snapshot}",
            f"--lock-wait-timeout={LOCK_WAIT}",
        ]
        file = folder / f"{name}.dump"
        run([*common, f"--file={file}", name], environment, LONGEST_SECONDS)
        selection = None
        if selected:
            part = folder / f"{name}.tables.dump"
            # A partitioned table's rows are in its children.
            tables = [f"--table-and-children={_pattern(*one)}" for one in selected]
            run([*common, *tables, f"--file={part}", name], environment, LONGEST_SECONDS)
            selection = {
                "file": part.name,
                "bytes": part.stat().st_size,
                "tables": [f"{schema}.{table}" for schema, table in selected],
            }
        # Last: it changes how the session reads names, and pg_dump needs only the snapshot.
        contents = checksums.of_database(connection)
    except psycopg2.Error as error:
        raise BackupError(f"{name} on {source.name}: {error}".strip()) from error
    finally:
        connection.close()
    for part in (file, *([folder / selection["file"]] if selection else [])):
        # Reads the archive's directory back: a dump cut short does not pass.
        run(["pg_restore", "--list", f"--file={os.devnull}", str(part)])
    return {
        "name": name,
        "file": file.name,
        "bytes": file.stat().st_size,
        "databaseBytes": size,
        "snapshot": snapshot,
        "lsn": lsn,
        "snapshotTime": moment,
        "serverVersion": version,
        "selection": selection,
        "tables": contents,
    }


def _connect(name: str, source: Member) -> psycopg2.extensions.connection:
    try:
        return psycopg2.connect(
            host=source.host,
            port=source.port,
            dbname=name,
            user=ROLE,
            passfile=str(paths.PASSWORD_FILE),
            connect_timeout=CONNECT_SECONDS,
            application_name="holdfast-backup",
            **KEEPALIVE,
        )
    except psycopg2.OperationalError as error:
        raise BackupError(f"cannot connect to {name} on {source.name}: {error}".strip()) from error


def _existing(
    connection: psycopg2.extensions.connection, tables: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Schema and name of those tables that this database has."""
    found: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(TABLE, (table,))
            row = cursor.fetchone()
            if row is not None:
                found.append((row[0], row[1]))
    return found


def _pattern(schema: str, table: str) -> str:
    """A table's exact name as pg_dump wants it: in quotes, or it would be a pattern. Pure."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in (schema, table))


def _position(
    connection: psycopg2.extensions.connection,
) -> tuple[str, str, int, str, float | None]:
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        cursor.execute(POSITION)
        row = cursor.fetchone()
    if row is None:
        raise BackupError("the server gave no snapshot")
    return row


def _client(program: str, source: Member) -> list[str]:
    return [
        program,
        f"--host={source.host}",
        f"--port={source.port}",
        f"--username={ROLE}",
        "--no-password",
    ]


def write_password_file() -> None:
    """libpq wants its password file private (0600); the secret's own file is group-readable."""
    try:
        password = paths.BACKUP_PASSWORD.read_text().strip()
    except OSError as error:
        raise BackupError(f"cannot read {paths.BACKUP_PASSWORD}: {error.strerror}") from error
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    private.replace(paths.PASSWORD_FILE, f"*:*:*:{ROLE}:{escaped}\n")
