"""One run, from the lock to the record. What the scheduler and a person both call.

A run may go through several repositories; what fails in one does not stop the next.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine import CLOUD, Engine, open_engine

from . import cluster, folders, logical, paths, physical, room, schedule, stanza, state
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
                stanza.prepare(settings, engine, name)
        except RepositoryFault as error:
            stanza.remember_unready(name, error)
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
                kind = physical.by_rotation(settings, engine, repository)
            outcome = _recorded(
                repository, kind, lambda _: physical.take(settings, engine, repository, kind)
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
        error = stanza.told_plainly(caught, repository)
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


def _heal(known: state.Repository, kind: str, start: float) -> None:
    """A new full backup, or dump, takes the place of those found damaged before it began."""
    if kind == schedule.FULL and known.damaged_since is not None and start > known.damaged_since:
        known.damaged_since = None
    since = known.damaged_dump_since
    if kind == schedule.LOGICAL and since is not None and start > since:
        known.damaged_dump_since = None
