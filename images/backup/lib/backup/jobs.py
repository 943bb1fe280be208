"""One run, from the lock to the record. What the scheduler and a person both call.

A run may go through several repositories; what fails in one does not stop the next.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine import CLOUD, LOCAL, BackupKind, BaseBackup, Engine, open_engine
from objects import open_store

from . import cluster, damage, folders, logical, paths, retention, room, schedule, state, sums
from . import uploads as cloud_dumps
from .errors import BackupError, NotReady, RepositoryFault, SettingsError
from .settings import Settings, load

KINDS = (*schedule.PHYSICAL_KINDS, schedule.LOGICAL)
ALL = "all"
# Making a stanza ready is a matter of seconds: whoever holds the lock for it is worth waiting for.
PREPARE_WAIT_SECONDS = 30


@dataclass(frozen=True)
class Result:
    """How a run ended in one repository."""

    repository: str
    kind: str
    label: str = ""
    bytes: int = 0
    error: str = ""


def backup(kind: str, repository: str = ALL, wait_seconds: float = 0) -> list[Result]:
    """Takes a backup: `full`, `diff`, `incr`, `logical`, or `physical` (full or diff, by rotation).

    Raises Busy when another run holds the lock, NotReady when the cluster cannot be backed up
    yet; every other failure is recorded and is a Result's error.
    """
    settings = load(paths.SETTINGS)
    chosen = _chosen(settings, repository)
    results: list[Result] = []
    with state.exclusive(paths.LOCK, f"{kind} {repository}", wait_seconds):
        members = cluster.members(settings.nodes)
        engine = open_engine(settings)
        for name in chosen:
            results.append(_one(settings, engine, members, kind, name, first=not results))
    return results


def prepare(repository: str = ALL) -> None:
    """Makes stanzas ready without taking a backup, so that archiving can begin.

    Raises the first repository's fault when all were tried.
    """
    settings = load(paths.SETTINGS)
    engine = open_engine(settings)
    errors: list[BackupError] = []
    for name in _chosen(settings, repository):
        try:
            # A repository that does not answer is found out here and not while others wait.
            engine.archived(name)
            with state.exclusive(paths.LOCK, f"prepare {name}", PREPARE_WAIT_SECONDS):
                _prepare(settings, engine, name)
        except RepositoryFault as error:
            _remember_unready(name, error)
            errors.append(error)
        except BackupError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def accept_new_cluster(repository: str = ALL) -> list[Result]:
    """Lets the running cluster continue the repositories, and gives each a full backup of it."""
    settings = load(paths.SETTINGS)
    engine = open_engine(settings)
    with state.exclusive(paths.LOCK, "accept-new-cluster", PREPARE_WAIT_SECONDS):
        cluster.members(settings.nodes)
        for name in _chosen(settings, repository):
            try:
                engine.accept_new_cluster(name)
            except RepositoryFault as error:
                # One without a stanza, or away: the full backup below says which.
                print(f"holdfast-backup: {error}", file=sys.stderr)
            with state.changing(paths.STATE) as known:
                known.of(name).stanza_ready = False
    return backup(schedule.FULL, repository, wait_seconds=60)


def make_room() -> list[str]:
    """Expires the oldest local backups that the cloud holds while the volume is full."""
    settings = load(paths.SETTINGS)
    if settings.cloud is None:
        return []
    with state.exclusive(paths.LOCK, "make-room", PREPARE_WAIT_SECONDS):
        gone = room.make(open_engine(settings))
        folders.remove(paths.SUMS, [label for label in gone if (paths.SUMS / label).is_dir()])
    return gone


def _chosen(settings: Settings, repository: str) -> tuple[str, ...]:
    if repository == ALL:
        return settings.repositories
    if repository not in settings.repositories:
        raise SettingsError(f"there is no repository {repository}: backup.cloud.provider is none")
    return (repository,)


def _one(
    settings: Settings,
    engine: Engine,
    members: list[cluster.Member],
    kind: str,
    repository: str,
    first: bool,
) -> Result:
    try:
        if kind == schedule.LOGICAL:
            work = logical.upload if repository == CLOUD else logical.take
            outcome = _recorded(repository, kind, lambda now: work(settings, members, now))
        else:
            if kind == "physical":
                kind = _by_rotation(settings, engine, repository)
            outcome = _recorded(
                repository, kind, lambda _: _physical(settings, engine, repository, kind)
            )
    except NotReady as error:
        if first:
            raise
        return Result(repository, kind, error=str(error))
    except (BackupError, OSError) as error:
        return Result(repository, kind, error=str(error))
    return Result(repository, kind, outcome.label, outcome.bytes)


def _recorded(repository: str, kind: str, work: Callable[[float], state.Outcome]) -> state.Outcome:
    name, start = state.key(repository, kind), time.time()
    try:
        outcome = work(start)
    except NotReady:
        raise
    except Exception as caught:
        error = _told_plainly(caught, repository)
        cause = error.cause if isinstance(error, RepositoryFault) else ""
        failed = state.Outcome(error=str(error) or type(error).__name__, cause=cause)
        with state.changing(paths.STATE) as known:
            state.record(known, name, start, time.time(), failed)
            # The next run looks at the stanza again: a failure may mean that it is not right.
            if kind != schedule.LOGICAL:
                known.of(repository).stanza_ready = False
        raise error from caught
    with state.changing(paths.STATE) as known:
        state.record(known, name, start, time.time(), outcome)
        _heal(known.of(repository), kind, start)
    return outcome


def _told_plainly(error: Exception, repository: str) -> Exception:
    """On a full volume every error here is that: WAL that did not arrive, a file not written."""
    plain = not isinstance(error, RepositoryFault) or error.cause in ("other", "stanza")
    if repository != LOCAL or not plain or not room.short(paths.REPOSITORY):
        return error
    return RepositoryFault(LOCAL, "full", f"the volume is full ({error})")


def _heal(known: state.Repository, kind: str, start: float) -> None:
    """A new full backup, or dump, takes the place of those found damaged before it began."""
    if kind == schedule.FULL and known.damaged_since is not None and start > known.damaged_since:
        known.damaged_since = None
    since = known.damaged_dump_since
    if kind == schedule.LOGICAL and since is not None and start > since:
        known.damaged_dump_since = None


def _prepare(settings: Settings, engine: Engine, repository: str) -> None:
    try:
        engine.prepare(repository)
        listed = engine.base_backups(repository)
        sent = cloud_dumps.labels(open_store(settings)) if repository == CLOUD else None
    except RepositoryFault as error:
        _remember_unready(repository, error)
        raise
    with state.changing(paths.STATE) as known:
        entry = known.of(repository)
        if entry.stanza_error:
            entry.mended = time.time()
        entry.stanza_ready, entry.stanza_error, entry.stanza_cause = True, "", ""
        # A repository that came back empty owes everything again, whatever we remember.
        if not listed:
            for kind in schedule.PHYSICAL_KINDS:
                known.runs.pop(state.key(repository, kind), None)
        name = state.key(repository, schedule.LOGICAL)
        if sent is not None and name in known.runs and known.runs[name].label not in sent:
            known.runs.pop(name)


def _remember_unready(repository: str, fault: RepositoryFault) -> None:
    error = _told_plainly(fault, repository)
    assert isinstance(error, RepositoryFault)
    with state.changing(paths.STATE) as known:
        entry = known.of(repository)
        entry.stanza_ready = False
        entry.stanza_error, entry.stanza_cause = str(error), error.cause


def _by_rotation(settings: Settings, engine: Engine, repository: str) -> str:
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


def _physical(
    settings: Settings, engine: Engine, repository: str, kind: str
) -> state.Outcome:
    if not state.load(paths.STATE).of(repository).stanza_ready:
        _prepare(settings, engine, repository)
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
