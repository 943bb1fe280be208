"""Logical backups: pg_dump in custom format from one exported snapshot, with what proves it later.

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

from . import paths, retention, sums
from .cluster import Member
from .errors import BackupError
from .process import run
from .settings import Settings

ROLE = "backup"
CONNECT_SECONDS = 10
# A migration that holds a table must delay the dump, not hang it for ever.
LOCK_WAIT = "60s"
POSITION = """
SELECT pg_export_snapshot(),
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn() END::text,
       pg_database_size(current_database()),
       current_setting('server_version'),
       extract(epoch FROM CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp()
                               ELSE clock_timestamp() END)::float8
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
    contents = [_database(name, source, folder, environment) for name in settings.databases]
    run(
        [
            *_client("pg_dumpall", source),
            "--globals-only",
            # Password hashes are the recovery kit's business, and only a superuser may read them.
            "--no-role-passwords",
            f"--file={folder / 'globals.sql'}",
        ],
        environment,
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
    name: str, source: Member, folder: Path, environment: dict[str, str]
) -> dict[str, Any]:
    """Dumps one database and returns its part of the manifest."""
    file = folder / f"{name}.dump"
    try:
        connection = psycopg2.connect(
            host=source.host,
            port=source.port,
            dbname=name,
            user=ROLE,
            passfile=str(paths.PASSWORD_FILE),
            connect_timeout=CONNECT_SECONDS,
            application_name="holdfast-backup",
        )
    except psycopg2.OperationalError as error:
        raise BackupError(f"cannot connect to {name} on {source.name}: {error}".strip()) from error
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        snapshot, lsn, size, version, moment = _position(connection)
        run(
            [
                *_client("pg_dump", source),
                "--format=custom",
                "--compress=zstd:3",
                f"--snapshot={snapshot}",
                f"--lock-wait-timeout={LOCK_WAIT}",
                f"--file={file}",
                name,
            ],
            environment,
        )
    finally:
        connection.close()
    # Reads the archive's directory back: a dump cut short does not pass.
    run(["pg_restore", "--list", f"--file={os.devnull}", str(file)])
    return {
        "name": name,
        "file": file.name,
        "bytes": file.stat().st_size,
        "databaseBytes": size,
        "snapshot": snapshot,
        "lsn": lsn,
        "snapshotTime": moment,
        "serverVersion": version,
    }


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
    paths.RUNTIME.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(paths.PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"*:*:*:{ROLE}:{escaped}\n")
