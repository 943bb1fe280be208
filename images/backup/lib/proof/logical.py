"""The drill of a dump: read, loaded into an empty cluster, compared with what was counted.

The checksums in the manifest and pg_dump shared one exported snapshot (M25), so each table must
have the same rows and the same checksum. Then the dump of single tables takes the place of those
tables, as it would after an accident.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg2

from backup import paths
from backup.errors import BackupError
from backup.process import run
from backup.settings import Settings

from . import amcheck, beats, checksums, dumps, restored
from .checks import Findings, Refused
from .scratch import Scratch, room_for
from .times import iso

JOBS = 2
SECONDS = 6 * 3600.0
# The copy is thrown away; WAL of its loading is of no use to anybody.
LOADING = {"wal_level": "minimal", "max_wal_senders": "0", "fsync": "off"}
# The superuser is there: it grants the memberships, so it must be the cluster's first role. The
# folders of tablespaces are on the original's host.
NOT_HERE = (
    "CREATE ROLE postgres;",
    "CREATE TABLESPACE",
    "ALTER TABLESPACE",
    "GRANT ALL ON TABLESPACE",
    "GRANT CREATE ON TABLESPACE",
)


def prove(settings: Settings, repository: str, to: float | None, found: Findings) -> None:
    """Makes every check and enters it. Raises BackupError when it cannot go on."""
    started = time.time()
    if to is not None and to > started:
        raise Refused(f"{iso(to)} has not come yet")
    found.begin("dump", f"looking for a dump in {repository}")
    label = dumps.newest(settings, repository, to)
    found.label = label
    found.target_kind, found.target_value = ("snapshot", "") if to is None else ("time", iso(to))
    clock = time.monotonic()
    found.begin("sha256", f"getting dump {label} from {repository} and comparing its sums")
    folder = dumps.fetch(settings, repository, label, paths.SCRATCH / "dump")
    body = dumps.manifest(folder)
    count = sum(1 for path in folder.iterdir() if path.is_file())
    found.add("sha256", [], f"all {count} files of {label} are as they were written")
    parts: list[dict[str, Any]] = body["databases"]
    found.begin("room", "looking for room")
    room_for(sum(int(part["databaseBytes"]) for part in parts))
    with restored.empty(found.say) as server:
        server.start(LOADING)
        _load(server, folder, body, found)
        found.rto = round(time.monotonic() - clock, 3)
        found.bytes = int(server.ask("SELECT sum(pg_database_size(oid))::bigint FROM pg_database"))
        _compare(server, parts, found)
        # What a dump can bring back is its snapshot and nothing after it.
        found.recovered_to = dumps.as_of(body)
        if found.recovered_to is not None:
            found.rpo = round(started - found.recovered_to, 3)
        _marker(server, parts, found)
        found.begin("amcheck", "pg_amcheck of every table and index")
        found.add("amcheck", amcheck.faults(server), "pg_amcheck --heapallindexed: no fault")
        _single_tables(server, folder, parts, found)


def _load(server: Scratch, folder: Path, body: dict[str, Any], found: Findings) -> None:
    found.begin("roles", "making the roles")
    text = (folder / str(body["globals"])).read_text()
    script = paths.SCRATCH / "globals.sql"
    script.write_text(fitting(text))
    run(
        server.client(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            f"--file={script}",
            "postgres",
        ),
        timeout_seconds=SECONDS,
    )
    found.add("roles", [], f"{fitting(text).count('CREATE ROLE ')} roles made")
    for part in body["databases"]:
        found.begin("restore", f"loading {part['file']}")
        _pg_restore(server, folder / str(part["file"]), "--create", "--dbname=postgres")
    names = ", ".join(str(part["file"]) for part in body["databases"])
    found.add("restore", [], f"pg_restore loaded {names} without an error")


def fitting(script: str) -> str:
    """The lines of globals.sql that an empty cluster on another host can run. Pure."""
    return "".join(line for line in script.splitlines(True) if not line.startswith(NOT_HERE))


def _compare(server: Scratch, parts: list[dict[str, Any]], found: Findings) -> None:
    found.begin("checksums", "comparing every table with the manifest")
    faults: list[str] = []
    left_out: list[str] = []
    for part in parts:
        recorded = checksums.in_dump(part["tables"])
        present = checksums.in_dump(_count(server, str(part["name"])))
        faults += [f"{part['name']}: {text}" for text in checksums.compare(recorded, present)]
        left_out += [f"{part['name']}.{name}" for name in checksums.uncompared(recorded)]
        compared = [entry for entry in recorded if entry["checksum"] is not None]
        found.tables += len(compared)
        found.rows += sum(entry["rows"] for entry in compared)
    without = f"; no time for {', '.join(left_out)}" if left_out else ""
    good = f"{found.tables} tables, {found.rows} rows as in the dump's snapshot{without}"
    found.add("checksums", faults, good)


def _count(server: Scratch, database: str) -> list[checksums.Entry]:
    connection = server.connect(database)
    try:
        return checksums.of_database(connection, checksums.BUDGET_SECONDS * 6)
    finally:
        connection.close()


def _marker(server: Scratch, parts: list[dict[str, Any]], found: Findings) -> None:
    """The newest heartbeat is of the snapshot's time, and none is younger."""
    newest = beats.in_copy(server)
    moment = max((p["snapshotTime"] for p in parts if p.get("snapshotTime")), default=None)
    if newest is None or moment is None:
        reason = "the dump holds no heartbeat, or does not say its snapshot's time"
        found.not_made("marker", reason, needed=False)
        return
    found.present_at = newest.at
    faults = []
    # Clocks of two containers of one machine; the snapshot's time is read after it was taken.
    if newest.at > moment + 1:
        faults.append(
            f"a heartbeat of {iso(newest.at)} is there, after the snapshot of {iso(moment)}"
        )
    found.add(
        "marker", faults, f"the heartbeat of {iso(newest.at)} is there, none after {iso(moment)}"
    )


def _single_tables(
    server: Scratch, folder: Path, parts: list[dict[str, Any]], found: Findings
) -> None:
    """Drops the tables that have a dump of their own and loads them from it."""
    for part in parts:
        selection = part.get("selection")
        if not selection:
            continue
        names = [str(name) for name in selection["tables"]]
        file = folder / str(selection["file"])
        found.begin("single tables", f"bringing {', '.join(names)} back from {file.name}")
        # Asked while the whole dump's copy is there: a partitioned table's rows are in others.
        wanted = _drop(server, str(part["name"]), names)
        _pg_restore(server, file, f"--dbname={part['name']}")
        counted = checksums.in_dump(_count(server, str(part["name"])))
        recorded = [e for e in checksums.in_dump(part["tables"]) if _key(e) in wanted]
        faults = checksums.compare(recorded, [e for e in counted if _key(e) in wanted])
        good = f"{', '.join(names)} came back from {file.name} with the same rows"
        found.add("single tables", [f"{part['name']}: {text}" for text in faults], good)


def _key(entry: checksums.Entry) -> tuple[str, str]:
    return str(entry["schema"]), str(entry["table"])


# The table itself and the partitions in it; what it is decides how it is dropped.
RELATIONS = """
SELECT coalesce(array_agg(ARRAY[n.nspname::text, c.relname::text]), '{}'),
       (SELECT relkind = 'm' FROM pg_class WHERE oid = %s::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = %s::regclass OR c.oid IN (SELECT relid FROM pg_partition_tree(%s::regclass))
"""


def _drop(server: Scratch, database: str, names: list[str]) -> set[tuple[str, str]]:
    """Drops the tables with what hangs on them; returns (schema, table) of all that had rows."""
    dropped: set[tuple[str, str]] = set()
    connection = server.connect(database)
    try:
        with connection.cursor() as cursor:
            quoted = [_quoted(name) for name in names]
            kinds: list[str] = []
            for name in quoted:
                cursor.execute(RELATIONS, (name, name, name))
                relations, view = cursor.fetchone()
                dropped |= {(schema, table) for schema, table in relations}
                kinds.append("MATERIALIZED VIEW" if view else "TABLE")
            for kind, name in zip(kinds, quoted, strict=True):
                # One may have gone with another that it hangs on.
                cursor.execute(f"DROP {kind} IF EXISTS {name} CASCADE")
    except psycopg2.Error as error:
        raise BackupError(f"{database}: {error}".strip()) from error
    finally:
        connection.close()
    return dropped


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split(".", 1))


def _pg_restore(server: Scratch, file: Path, *where: str) -> None:
    command = server.client("pg_restore", f"--jobs={JOBS}", "--exit-on-error", *where, str(file))
    try:
        run(command, timeout_seconds=SECONDS)
    except BackupError as error:
        raise BackupError(f"{file.name}: {error}") from error
