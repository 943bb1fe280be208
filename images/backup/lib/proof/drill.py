"""One drill, from the lock to the signed record."""

from __future__ import annotations

import subprocess
import sys
import time

from backup import cron, paths
from backup.errors import BackupError, NotReady
from backup.settings import Settings, load
from engine import open_engine

from . import dumps, logical, owed, physical, record, rotation
from .checks import Findings, NothingToRestore, Refused
from .workspace import workspace

PROGRAMS = ("postgres", "pg_restore", "pg_amcheck", "pgbackrest")


def say(text: str) -> None:
    """A line of progress."""
    print(f"holdfast-restore-drill: {text}", file=sys.stderr, flush=True)


def run(repository: str, kind: str, to: float | None, wait_seconds: float = 0) -> record.Record:
    """Runs the drill and returns its record, stored and signed, whether it passed or not.

    Raises Busy when another runs; NotReady when there is nothing to restore yet, Refused when what
    is asked for cannot be: then there is no record.
    """
    settings = load(paths.SETTINGS)
    if repository not in settings.repositories:
        raise Refused(f"there is no repository {repository}: {', '.join(settings.repositories)}")
    with workspace(f"drill {repository} {kind}", wait_seconds):
        started = time.time()
        found = Findings(say)
        _prove(settings, repository, kind, to, found)
        tools = {program: _version(program) for program in PROGRAMS}
        body = record.build(found, repository, kind, started, time.time(), tools)
        record.write(body)
        _settle(found, repository, kind, started)
    _publish(settings)
    verdict = "passed" if found.passed else f"FAILED: {found.error}"
    say(f"{repository} {kind}, {found.label or 'nothing restored'}: {verdict}")
    return body


def _prove(
    settings: Settings, repository: str, kind: str, to: float | None, found: Findings
) -> None:
    try:
        if kind == "physical":
            physical.prove(settings, open_engine(settings), repository, to, found)
        else:
            logical.prove(settings, repository, to, found)
    except (Refused, NotReady):
        raise
    except NothingToRestore as error:
        past = rotation.history(record.read_all()).get((repository, kind))
        if past is None or past.proven is None:
            raise NotReady(f"{error} yet") from error
        found.failed(error)
    except Exception as error:  # whatever it is, it goes into the record
        if not isinstance(error, BackupError):
            say(f"unexpected: {error!r}")
        found.failed(error)


def _settle(found: Findings, repository: str, kind: str, started: float) -> None:
    if found.passed:
        owed.settled(repository, kind, found.label)
    elif found.damaged:
        owed.ask(repository, kind, found.error, found.label, started)


def _publish(settings: Settings) -> None:
    """Copies of the records to the cloud. A cloud that is away gets them after the next drill."""
    if settings.cloud is None:
        return
    try:
        dumps.upload_records(settings, paths.RECORDS)
    except (BackupError, OSError) as error:
        say(f"the records are not in the cloud yet: {error}")


def choose(settings: Settings, repository: str | None, kind: str | None) -> rotation.Combination:
    """The combination with the oldest proof among those that fit what is given."""
    past = rotation.history(record.read_all())
    fitting = [
        key
        for key in rotation.combinations(settings.repositories)
        if repository in (None, key[0]) and kind in (None, key[1])
    ]
    if not fitting:
        raise Refused(f"there is no repository {repository}: {', '.join(settings.repositories)}")
    return min(fitting, key=lambda key: past.get(key, rotation.Past()).proven or 0.0)


def next_due(
    settings: Settings, begun: float, not_before: dict[rotation.Combination, float]
) -> rotation.Combination | None:
    """What the schedule asks for now."""
    past = rotation.history(record.read_all())
    among = rotation.combinations(settings.repositories)
    own = {key: value for key, value in past.items() if key in among}
    return rotation.due(among, own, settings.drill, time.time(), begun, cron.previous, not_before)


def _version(program: str) -> str:
    argument = "version" if program == "pgbackrest" else "--version"
    try:
        answer = subprocess.run(
            [program, argument], capture_output=True, text=True, check=False, timeout=10
        )
        return answer.stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown: {error}"
