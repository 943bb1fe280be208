"""One base backup in one repository: taken, with its sums; damaged ones go when it is there."""

from __future__ import annotations

import time
from collections.abc import Iterable

from engine import LOCAL, BackupKind, BaseBackup, Engine

from . import damage, folders, paths, retention, room, schedule, stanza, state, sums
from .errors import BackupError, RepositoryFault
from .settings import Settings


def by_rotation(settings: Settings, engine: Engine, repository: str) -> str:
    """Full or differential, by what the repository holds."""
    known = state.load(paths.STATE)
    try:
        taken = engine.base_backups(repository)
        damaged = known.of(repository).damaged
        starts = [b.start for b in taken if b.kind == schedule.FULL and b.label not in damaged]
    except RepositoryFault:
        # It fails again when the backup is taken, and is recorded there.
        last = schedule.last_success(known.runs, repository, (schedule.FULL,))
        starts = [] if last is None else [last]
    return schedule.physical_kind(starts, time.time(), settings.full_every_days)


def take(settings: Settings, engine: Engine, repository: str, kind: str) -> state.Outcome:
    """Takes one: `full`, `diff` or `incr`. Raises BackupError."""
    if not state.load(paths.STATE).of(repository).stanza_ready:
        stanza.prepare(settings, engine, repository)
    wanted: BackupKind = "full" if kind == "full" else "diff" if kind == "diff" else "incr"
    try:
        taken = engine.back_up(repository, wanted)
    except RepositoryFault as error:
        full = error.cause == "full" and repository == LOCAL and settings.cloud is not None
        if not full or not room.make(engine):
            raise
        taken = engine.back_up(repository, wanted)
    if repository == LOCAL:
        _write_sums(settings, taken, _labels(engine, LOCAL))
    if taken.damaged:
        raise BackupError(f"{taken.label} holds pages whose PostgreSQL checksums are wrong")
    if taken.kind == schedule.FULL:
        _expire_damaged(engine, repository)
    return state.Outcome(taken.label, taken.bytes)


def _expire_damaged(engine: Engine, repository: str) -> None:
    """Base backups found damaged go once a new full one is there, with what builds on them.

    Each is read once more first: what was a bad moment of the network is kept.
    """
    for label in sorted(state.load(paths.STATE).of(repository).damaged):
        if retention.LABEL.match(label):
            continue
        if label in _labels(engine, repository) and engine.verify(repository, label):
            engine.expire(repository, label)
        damage.forget(repository, [label])
    if repository == LOCAL:
        _remove_orphaned(_labels(engine, LOCAL))


def _labels(engine: Engine, repository: str) -> list[str]:
    return [item.label for item in engine.base_backups(repository)]


def _write_sums(settings: Settings, taken: BaseBackup, labels: Iterable[str]) -> None:
    source = paths.REPOSITORY / "backup" / settings.stanza / taken.label
    manifest = {
        "kind": taken.kind,
        "label": taken.label,
        "stanza": settings.stanza,
        "start": taken.start,
        "stop": taken.stop,
        "lsn": {"start": taken.lsn_start, "stop": taken.lsn_stop},
        "wal": {"start": taken.wal_start, "stop": taken.wal_stop},
        "tools": {"pgbackrest": taken.version, "postgres": taken.postgres},
    }
    sums.write(paths.SUMS / taken.label, paths.REPOSITORY, sums.files_below(source), manifest)
    _remove_orphaned(labels)


def _remove_orphaned(labels: Iterable[str]) -> None:
    """Checksums go with their backups."""
    folders.remove(paths.SUMS, retention.orphaned_sums(folders.names(paths.SUMS), labels))
