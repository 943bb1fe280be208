"""From a repository to a running server: restore, replay to a target, promote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from archive import names
from backup.errors import BackupError
from backup.settings import Settings
from engine import open_engine
from engine.types import BaseBackup, Engine, Target

from . import postgres_conf, reach, times
from .checks import NothingToRestore, Refused, Say
from .scratch import Scratch, room_for
from .times import seconds as iso_seconds

# Replaying a day's WAL of a busy cluster takes its time; a server that hangs must end some day.
RECOVERY_SECONDS = 7200.0
LAST_SEGMENT = re.compile(r'restored log file "([0-9A-F]{24})" from archive')
# What PostgreSQL says of a record, or a page, that cannot be right.
WRONG = re.compile(
    r"LOG:  (?!redo|consistent|starting|completed|recovery|last)([^\n]*?"
    r"(?: in WAL segment ([0-9A-F]{24})| at ([0-9A-F]+/[0-9A-F]+)))"
)
SHORT = "recovery ended before configured recovery target was reached"


class Copy:
    """One restored copy. It knows how far it replayed, and why it did not get further."""

    def __init__(self, engine: Engine, repository: str, backup: BaseBackup) -> None:
        self.engine = engine
        self.repository = repository
        self.backup = backup
        self.server = Scratch("physical")
        self._restore_command = ""

    def restore(self, target: Target) -> None:
        """Gets the files. Replays nothing yet."""
        self.server.data.mkdir(mode=0o700, parents=True)
        self.engine.restore(self.repository, self.server.data, target, self.backup.label)
        self._restore_command = self.server.adopt() or self.engine.fetch_command(self.repository)

    def replay(self, target: Target) -> None:
        """Starts the server and waits until it stands at the target: paused, or promoted.

        Raises BackupError naming the segment that was in the way, where one was.
        """
        values = postgres_conf.recovery(
            target.kind, target.value, target.timeline, target.action, self._restore_command
        )
        try:
            self.server.start(values, RECOVERY_SECONDS)
            if target.action == "pause":
                self.server.wait_for("reached the mark", self._paused, RECOVERY_SECONDS)
            else:
                self.server.wait_for("been promoted", self._promoted, RECOVERY_SECONDS)
        except BackupError as error:
            raise BackupError(f"{self._why(target)}{error}") from error

    def replayed_to(self) -> str:
        """The position behind the last record that was replayed."""
        return str(self.server.ask("SELECT pg_last_wal_replay_lsn()::text") or "")

    def _paused(self) -> bool:
        return self.server.ask("SELECT pg_get_wal_replay_pause_state()") == "paused"

    def _promoted(self) -> bool:
        return self.server.ask("SELECT pg_is_in_recovery()") is False

    def _why(self, target: Target) -> str:
        """The segment at which replay ended, when it is missing or cannot be read."""
        log = self.server.log()
        if SHORT not in log:
            return ""
        last = names.number_of(names.parse_lsn(target.value)) if target.kind == "lsn" else None
        try:
            judgement = reach.judge(self.engine, self.repository, self.backup)
            missing = reach.in_the_way(judgement, self.backup, last)
        except BackupError:
            return ""
        if missing:
            return f"segment {missing[0]} is missing from the archive of {self.repository}: "
        damaged = unreadable(log, self.backup.wal_start, last)
        if damaged:
            return f"segment {damaged} in the archive of {self.repository} cannot be replayed: "
        return ""


def unreadable(log: str, first: str, last: int | None) -> str:
    """Name of the segment at which replay gave up, by PostgreSQL's log. Pure.

    `first`: the segment with which it began; `last`: number of the one it should have reached. A
    segment that is not what was archived is either refused by the engine, and PostgreSQL takes the
    archive for ended, or handed over, and PostgreSQL stumbles inside it.
    """
    restored = LAST_SEGMENT.findall(log)
    place = names.segment(restored[-1] if restored else first)
    if place is None:
        return ""
    for _, segment, lsn in reversed(WRONG.findall(log)):
        number = names.number_of(names.parse_lsn(lsn)) if lsn else names.segment(segment).number
        if number <= place.number:
            return names.segment_name(names.Segment(place.timeline, number))
    if last is not None and place.number < last:
        return names.segment_name(names.following(place) if restored else place)
    return ""


def choose(engine: Engine, repository: str, until: float | None) -> BaseBackup:
    """The newest base backup that ended before `until`; raises BackupError when there is none."""
    listed = engine.base_backups(repository)
    if not listed:
        raise NothingToRestore(f"there is no base backup in {repository}")
    fitting = [item for item in listed if until is None or item.stop < until]
    if not fitting:
        first = times.iso(listed[0].stop)
        raise Refused(f"no base backup in {repository} ended before that: the oldest did {first}")
    return max(fitting, key=lambda item: item.stop)


@contextmanager
def restored(
    settings: Settings,
    repository: str,
    target: Target,
    say: Say,
    label: str | None = None,
) -> Iterator[Scratch]:
    """A promoted, writable copy of the cluster at `target`. Needs the workspace's lock.

    `label`: a certain base backup; by default the newest that ended before a target in time, or
    the newest of all.
    """
    engine = open_engine(settings)
    until = iso_seconds(target.value) if target.kind == "time" else None
    backup = choose(engine, repository, until)
    if label is not None:
        named = [item for item in engine.base_backups(repository) if item.label == label]
        if not named:
            raise BackupError(f"there is no base backup {label} in {repository}")
        backup = named[0]
    copy = Copy(engine, repository, backup)
    try:
        room_for(backup.database_bytes)
        say(f"restoring {backup.label} from {repository}")
        copy.restore(target)
        say(f"replaying to {target.value or target.kind}")
        copy.replay(target)
        yield copy.server
    finally:
        copy.server.stop()


@contextmanager
def empty(say: Say) -> Iterator[Scratch]:
    """A running server with nothing in it, and the members' own superuser."""
    server = Scratch("logical")
    try:
        say("making an empty cluster")
        server.create()
        server.start({})
        yield server
    finally:
        server.stop()
