"""The drill of a base backup and the archive behind it: restored, compared, replayed, taken apart.

Two stops. First the mark (M25): the copy stands where the original's tables were counted, so that
every row and every checksum must be the same. Then as far as the archive goes, or to the time that
was asked for, and promoted: the copy takes a write.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from archive import names
from archive.continuity import Judgement
from backup import paths as files
from backup import sums
from backup.cluster import Member
from backup.errors import BackupError, RepositoryFault
from backup.settings import Settings
from engine.types import LOCAL, BaseBackup, Engine, Target

from . import amcheck, beats, checksums, point, postgres_conf, reach
from .checks import Findings, Refused
from .marks import Mark
from .restored import Copy, choose
from .scratch import room_for
from .times import iso
from .times import target as target_time

FIRST_WRITE = """
CREATE TABLE holdfast_drill (written timestamptz NOT NULL);
INSERT INTO holdfast_drill VALUES (clock_timestamp());
DROP TABLE holdfast_drill
"""


@dataclass
class Stopwatch:
    """Adds up what a restore for real would take; the comparisons on the way do not count."""

    seconds: float = 0.0
    _since: float = field(default=0.0)

    def __enter__(self) -> Stopwatch:
        self._since = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._since


def prove(
    settings: Settings, engine: Engine, repository: str, to: float | None, found: Findings
) -> None:
    """Makes every check and enters it. Raises BackupError when it cannot go on."""
    started = time.time()
    if to is not None and to > started:
        raise Refused(f"{iso(to)} has not come yet")
    found.begin("backup", f"looking for a base backup in {repository}")
    backup = choose(engine, repository, to)
    found.label = backup.label
    found.begin("room", f"{backup.label}: {backup.database_bytes} bytes to restore")
    room_for(backup.database_bytes)
    found.begin("archive", "judging the archive")
    before = reach.judge(engine, repository, backup)
    members = point.members(settings, found)
    at = point.choose(engine, backup, before, members, to, found)
    copy = Copy(engine, repository, backup)
    try:
        _restored(copy, at, to, found, before, members, started)
    except RepositoryFault as error:
        if error.cause not in ("damaged", "other"):
            raise
        found.failed(error)
    except BackupError as error:
        found.failed(error)
    finally:
        copy.server.stop()
    # After a failure as well: it names the stored file that is at fault.
    _stored(engine, repository, backup, found)


def _restored(
    copy: Copy,
    at: Mark | None,
    to: float | None,
    found: Findings,
    before: Judgement,
    members: list[Member],
    started: float,
) -> None:
    """Everything that is seen in the running copy."""
    watch = Stopwatch()
    if at is not None:
        _at_mark(copy, at, members, watch, found)
    else:
        found.begin("restore", f"restoring {copy.backup.label} from {copy.repository}")
        with watch:
            copy.restore(_last(to))
        _is_there(copy, found)
    _at_target(copy, to, watch, found, before, members, started)
    found.begin("amcheck", "pg_amcheck of every table and index")
    found.add("amcheck", amcheck.faults(copy.server), "pg_amcheck --heapallindexed: no fault")


def _at_mark(
    copy: Copy, at: Mark, members: list[Member], watch: Stopwatch, found: Findings
) -> None:
    """Restores, replays to the mark, and compares everything with what was recorded there."""
    found.mark_lsn, found.mark_at = at.lsn, at.at
    target = Target("lsn", at.lsn, "pause", str(at.timeline))
    found.begin("restore", f"restoring {copy.backup.label} from {copy.repository}")
    with watch:
        copy.restore(target)
    _is_there(copy, found)
    found.begin("replay to mark", f"replaying to the mark {at.lsn}")
    with watch:
        copy.replay(target)
    system = postgres_conf.control_value(copy.server.controldata(), "Database system identifier")
    if system != at.system:
        raise BackupError(f"the copy is of cluster {system}, the mark of cluster {at.system}")
    reached = copy.replayed_to()
    faults = [] if reached == at.lsn else [f"replay stopped at {reached}, not at {at.lsn}"]
    if not found.add("replay to mark", faults, f"replay stands at exactly {at.lsn}"):
        return
    found.begin("checksums", "comparing every table with the mark")
    _compare(copy, at, found)
    beats.at_mark(copy.server, at, members, found)
    copy.server.stop()


def _is_there(copy: Copy, found: Findings) -> None:
    found.add("restore", [], f"{copy.backup.label} restored, {copy.backup.database_bytes} bytes")


def _compare(copy: Copy, at: Mark, found: Findings) -> None:
    faults: list[str] = []
    left_out: list[str] = []
    for database, recorded in at.tables.items():
        connection = copy.server.connect(database)
        try:
            present = checksums.of_database(connection, checksums.BUDGET_SECONDS * 6)
        finally:
            connection.close()
        faults += [f"{database}: {fault}" for fault in checksums.compare(recorded, present)]
        left_out += [f"{database}.{name}" for name in checksums.uncompared(recorded)]
        compared = [entry for entry in recorded if entry["checksum"] is not None]
        found.tables += len(compared)
        found.rows += sum(entry["rows"] for entry in compared)
    without = f"; no time for {', '.join(left_out)}" if left_out else ""
    good = f"{found.tables} tables, {found.rows} rows as on {at.source} at {at.lsn}{without}"
    found.add("checksums", faults, good)


def _last(to: float | None) -> Target:
    if to is None:
        return Target("latest", "", "promote", "latest")
    return Target("time", target_time(to), "promote", "latest")


def _at_target(
    copy: Copy,
    to: float | None,
    watch: Stopwatch,
    found: Findings,
    before: Judgement,
    members: list[Member],
    started: float,
) -> None:
    """Goes on from where replay was to the end, promotes, writes, and looks at the heartbeats."""
    target = _last(to)
    found.target_kind, found.target_value = target.kind, "" if to is None else iso(to)
    found.begin("replay to target", f"replaying to {found.target_value or 'the archive’s end'}")
    with watch:
        copy.replay(target)
        copy.server.ask(FIRST_WRITE)
    found.rto = round(watch.seconds, 3)
    found.bytes = int(copy.server.ask("SELECT sum(pg_database_size(oid))::bigint FROM pg_database"))
    reached = names.parse_lsn(copy.replayed_to())
    faults = []
    end = before.end
    # Replay silently ends at a segment that it cannot get: then it is not at the archive's end.
    if to is None and end is not None and reached < names.start_of(names.number_of(end - 1)):
        faults = [
            f"replay ended at {names.format_lsn(reached)}, the archive at {names.format_lsn(end)}"
        ]
    found.add("replay to target", faults, f"promoted and written to after {found.rto:.1f} s")
    if to is None:
        beats.at_end(copy.server, before, started, found)
    else:
        beats.at_time(copy.server, to, members, found)


def _stored(engine: Engine, repository: str, backup: BaseBackup, found: Findings) -> None:
    """Reads what is stored: the engine's own checksums, and the sha256 sums beside the backup."""
    found.begin("verify", f"verifying {backup.label} and its WAL in {repository}")
    faults = [f"{fault.file} {fault.problem}" for fault in engine.verify(repository, backup.label)]
    found.add("verify", faults, f"{backup.label} and the WAL it needs are as stored")
    if repository != LOCAL:
        return
    found.begin("sha256", "comparing the sha256 sums")
    known = {item.label: item for item in engine.base_backups(repository)}
    chain: list[str] = []
    label: str | None = backup.label
    while label is not None and label not in chain:
        chain.append(label)
        label = known[label].prior if label in known else None
    faults = []
    for label in chain:
        wrong = sums.check(files.SUMS / label, files.REPOSITORY)
        faults += [f"{label}: {fault.file} {fault.problem}" for fault in wrong]
    found.add("sha256", faults, f"every file of {', '.join(chain)} has its sum")
