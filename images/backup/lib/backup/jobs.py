"""One run of one kind, from the lock to the record. What the scheduler and a person both call."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import cluster, dump, paths, pgbackrest, retention, schedule, state, sums
from .errors import BackupError, NotReady
from .settings import Settings, load

Work = Callable[[float], state.Outcome]
KINDS = (*schedule.PHYSICAL_KINDS, *schedule.LOGICAL_KINDS)


def backup(kind: str, wait_seconds: float = 0) -> state.Outcome:
    """Takes a backup: `full`, `incr`, `logical`, or `physical` (full or incr, by rotation).

    Raises Busy when another run holds the lock, NotReady when the cluster cannot be backed up
    yet; every other failure is recorded and raised as BackupError.
    """
    settings = load(paths.SETTINGS)
    with state.exclusive(paths.LOCK, kind, wait_seconds):
        members = cluster.members(settings.nodes)
        known = state.load(paths.STATE)
        if kind in schedule.LOGICAL_KINDS:
            return _recorded(known, kind, lambda now: _logical(settings, members, now))
        pgbackrest.write_nodes(settings, members)
        _prepared(settings, known)
        if kind == "physical":
            kind = _by_rotation(settings)
        return _recorded(known, kind, lambda _: _physical(settings, kind))


def prepare() -> None:
    """Makes the stanza ready without taking a backup, so that archiving can begin."""
    settings = load(paths.SETTINGS)
    with state.exclusive(paths.LOCK, "prepare"):
        pgbackrest.write_nodes(settings, cluster.members(settings.nodes))
        _prepared(settings, state.load(paths.STATE), again=True)


def accept_new_cluster() -> state.Outcome:
    """Lets the running cluster continue the repository, and gives it a base backup of its own."""
    settings = load(paths.SETTINGS)
    with state.exclusive(paths.LOCK, "accept-new-cluster"):
        pgbackrest.write_nodes(settings, cluster.members(settings.nodes))
        pgbackrest.accept_new_cluster(settings)
    return backup("full", wait_seconds=60)


def _prepared(settings: Settings, known: state.State, again: bool = False) -> None:
    if known.stanza_ready and not again:
        return
    try:
        pgbackrest.prepare(settings)
        known.stanza_ready, known.stanza_error = True, ""
    except BackupError as error:
        known.stanza_ready, known.stanza_error = False, str(error)
        raise
    finally:
        state.save(paths.STATE, known)


def _by_rotation(settings: Settings) -> str:
    taken = pgbackrest.base_backups(pgbackrest.info(settings))
    starts = [item.start for item in taken if item.kind == "full"]
    return schedule.physical_kind(starts, time.time(), settings.full_every_days)


def _recorded(known: state.State, kind: str, work: Work) -> state.Outcome:
    start = time.time()
    try:
        outcome = work(start)
    except NotReady:
        raise
    except Exception as error:
        failed = state.Outcome(error=str(error) or type(error).__name__)
        state.record(known, kind, start, time.time(), failed)
        # The next run looks at the stanza again: a failure may mean that it is no longer right.
        known.stanza_ready = known.stanza_ready and kind in schedule.LOGICAL_KINDS
        state.save(paths.STATE, known)
        raise
    state.record(known, kind, start, time.time(), outcome)
    state.save(paths.STATE, known)
    return outcome


def _physical(settings: Settings, kind: str) -> state.Outcome:
    taken = pgbackrest.backup(settings, kind)
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
    labels = [item.label for item in pgbackrest.base_backups(pgbackrest.info(settings))]
    _remove(paths.SUMS, retention.orphaned_sums(_names(paths.SUMS), labels))
    if taken.damaged:
        raise BackupError(f"{taken.label} holds pages whose PostgreSQL checksums are wrong")
    return state.Outcome(taken.label, taken.bytes)


def _logical(settings: Settings, members: list[cluster.Member], now: float) -> state.Outcome:
    paths.DUMPS.mkdir(exist_ok=True)
    _remove(paths.DUMPS, retention.abandoned(_names(paths.DUMPS)))
    try:
        taken = dump.take(settings, members, now)
    except BackupError as error:
        leaders = [member for member in members if member.leader]
        if leaders == members:
            raise
        # A replica cancels long queries that hold back its replay; the leader does not.
        print(f"holdfast-backup: {error}; trying again on the leader", file=sys.stderr)
        _remove(paths.DUMPS, retention.abandoned(_names(paths.DUMPS)))
        taken = dump.take(settings, leaders, time.time())
    _remove(paths.DUMPS, retention.expired_dumps(_names(paths.DUMPS), settings.keep_dumps))
    return state.Outcome(taken.label, taken.bytes)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        shutil.rmtree(folder / name)
