"""A server with the wanted tables in it: from a dump, or from a base backup and its WAL."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backup import paths
from backup.errors import BackupError
from backup.process import run
from backup.settings import Settings
from engine import open_engine
from engine.types import Target
from proof import dumps, restored, times
from proof.checks import Say
from proof.scratch import Scratch

from . import side, toc
from .names import Table, resolve

LATEST_HEARTBEAT = "SELECT max(at) FROM holdfast.heartbeat"


@dataclass(frozen=True)
class Source:
    """What was asked for."""

    settings: Settings
    repository: str
    kind: str
    """`logical` or `physical`."""
    until: str
    """ISO time; empty for the newest."""
    database: str
    wanted: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The wanted tables with their partitions, in a server."""

    server: Scratch
    tables: list[Table]
    label: str
    as_of: str | None
    """ISO time of the state they are in: of the newest, its last heartbeat; None without one."""


@contextmanager
def open_source(source: Source, say: Say) -> Iterator[Found]:
    """Needs the workspace's lock. Raises BackupError, also for names that are not there."""
    opened = _from_dump if source.kind == "logical" else _from_base_backup
    with opened(source, say) as found:
        yield found


@contextmanager
def _from_base_backup(source: Source, say: Say) -> Iterator[Found]:
    until = times.seconds(source.until) if source.until else None
    target = Target("latest") if until is None else Target("time", times.target(until))
    engine = open_engine(source.settings)
    label = restored.choose(engine, source.repository, until).label
    with restored.restored(source.settings, source.repository, target, say, label) as server:
        tables = _tables(server, source)
        as_of = _heartbeat(server, source.database) if until is None else times.iso(until)
        yield Found(server, tables, label, as_of)


def _tables(server: Scratch, source: Source) -> list[Table]:
    connection = server.connect(source.database)
    try:
        return side.with_children(connection, resolve(source.wanted, side.present(connection)))
    finally:
        connection.close()


def _heartbeat(server: Scratch, database: str) -> str | None:
    for name in (database, "postgres"):
        try:
            at = server.ask(LATEST_HEARTBEAT, name)
        except BackupError:
            continue  # the heartbeat is in the other, or older than this backup
        if isinstance(at, datetime.datetime):
            return at.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    return None


@contextmanager
def _from_dump(source: Source, say: Say) -> Iterator[Found]:
    until = times.seconds(source.until) if source.until else None
    label = dumps.newest(source.settings, source.repository, until)
    say(f"fetching dump {label} from {source.repository}")
    folder = dumps.fetch(source.settings, source.repository, label, paths.SCRATCH / "dump")
    part = _part_of(dumps.manifest(folder), source.database, label)
    file = folder / str(part["file"])
    with restored.empty(say) as server:
        run(server.client("createdb", source.database))
        _restore(server, source.database, file, "--section=pre-data")
        tables = _tables(server, source)
        say(f"loading {', '.join(str(table) for table in tables)}")
        _load(server, source.database, file, tables)
        yield Found(server, tables, label, _iso(part.get("snapshotTime")))


def _part_of(manifest: dict[str, object], database: str, label: str) -> dict[str, object]:
    parts = manifest.get("databases")
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict) and part.get("name") == database and "file" in part:
            return part
    raise BackupError(f"dump {label} holds no database {database}")


def _load(server: Scratch, database: str, file: Path, tables: Iterable[Table]) -> None:
    """The rows of these tables and of no others; then keys and indexes, where sequences stand."""
    for table in tables:
        run(
            server.client(
                "pg_restore",
                "--data-only",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
                f"--schema={table.schema}",
                f"--table={table.name}",
                f"--dbname={database}",
                str(file),
            )
        )
    listing = paths.SCRATCH / "after-the-rows"
    listing.write_text(toc.after_the_rows(run(["pg_restore", "--list", str(file)], quiet=True)))
    _restore(server, database, file, f"--use-list={listing}")


def _restore(server: Scratch, database: str, file: Path, which: str) -> None:
    """What fails here belongs to other tables (an extension that is not here, a role): the rows of
    the wanted ones are loaded strictly, and counted."""
    subprocess.run(
        server.client(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            which,
            f"--dbname={database}",
            str(file),
        ),
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _iso(moment: object) -> str | None:
    if not isinstance(moment, int | float):
        return None
    at = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    return at.isoformat().replace("+00:00", "Z")
