"""When a backup is due: pure arithmetic over times (seconds since the epoch, UTC).

Nothing here counts runs or remembers ticks. A run is due when the latest instant its cron line
names has passed without a success that began after it. So a machine that slept through three
nights owes one run when it wakes, not three, and a run on demand serves the schedule as well.
Each repository has its own due runs: what fails in one is not owed by the other.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .retention import LABEL

if TYPE_CHECKING:
    from .settings import Settings
    from .state import Run, State

FULL, DIFF, INCR, LOGICAL = "full", "diff", "incr", "logical"
PHYSICAL_KINDS = (FULL, DIFF, INCR)
DAILY_KINDS = (FULL, DIFF)
LOCAL, CLOUD = "local", "cloud"
DAY_SECONDS = 86400
# After a failure: 1, 2, 4 ... minutes, at most half an hour: a mended fault is soon made up for.
FIRST_RETRY_SECONDS = 60
LONGEST_RETRY_SECONDS = 1800
# A full backup of yesterday 02:15:03 is a day old at 02:15:00: without this, every rotation slips.
ROTATION_SLACK_SECONDS = 3600
# Who asked for a backup needs a moment to see that it is there.
OWED_REST_SECONDS = 300

Previous = Callable[[str, float], float]
"""The latest instant at or before a time that a cron line names."""
Due = dict[tuple[str, str], float | None]
"""By repository and schedule (physical, incremental, logical): the instant owed, None for none."""


@dataclass(frozen=True)
class Owed:
    """A full backup that somebody asks for. `since`: one that began later has served it."""

    reason: str
    since: float | None = None


@dataclass(frozen=True)
class Job:
    """A run that should begin."""

    repository: str
    kind: str
    """What holdfast-backup --now takes: physical (full or diff), full, incr, logical."""
    not_before: float = 0.0
    """After failures it is tried again at this time."""
    reason: str = ""


def due_since(
    cron: str, now: float, served: float | None, begun: float, previous: Previous
) -> float | None:
    """The instant whose run is owed, or None.

    `served`: start of the last successful run; `begun`: when this repository was first used, so
    that instants before it are owed by nobody.
    """
    instant = previous(cron, now)
    return instant if instant > (begun if served is None else served) else None


def due(state: State, settings: Settings, now: float, previous: Previous) -> Due:
    """What is owed now, for every repository and schedule."""
    found: Due = {}
    for repository in settings.repositories:
        begun = state.repositories[repository].created if repository in state.repositories else now
        daily = last_success(state.runs, repository, DAILY_KINDS)
        newest = last_success(state.runs, repository, PHYSICAL_KINDS)
        # From the very start while there is no base backup to recover from.
        found[repository, "physical"] = (
            begun if daily is None else due_since(settings.physical, now, daily, begun, previous)
        )
        found[repository, "incremental"] = (
            None
            if newest is None
            else due_since(settings.incremental, now, newest, begun, previous)
        )
        if repository == LOCAL:
            taken = last_success(state.runs, LOCAL, (LOGICAL,))
            logical = due_since(settings.logical, now, taken, begun, previous)
            found[repository, "logical"] = logical
        else:
            found[repository, "logical"] = upload_due(state, repository)
    return found


def upload_due(state: State, repository: str) -> float | None:
    """When the newest dump was taken, while the cloud does not have it."""
    taken, sent = (state.runs.get(f"{name}/{LOGICAL}") for name in (LOCAL, repository))
    if taken is None or not LABEL.match(taken.label) or (sent and sent.label >= taken.label):
        return None
    return float(calendar.timegm(time.strptime(taken.label, "%Y%m%dT%H%M%SZ")))


def jobs(
    state: State,
    settings: Settings,
    now: float,
    previous: Previous,
    owed: Mapping[str, Owed],
) -> list[Job]:
    """The runs that should begin, most urgent first; a repository without a stanza has none.

    `owed`: full backups asked for, by repository.
    """
    found: list[Job] = []
    listed = due(state, settings, now, previous)
    ready = [name for name in settings.repositories if state.of(name).stanza_ready]
    for name in ready:
        asked = owed.get(name)
        if asked is not None and not _served(state, name, asked, now):
            found.append(Job(name, FULL, retry_at(state, name, (FULL,)), asked.reason))
    for name in ready:
        if listed[name, "physical"] is not None:
            found.append(Job(name, "physical", retry_at(state, name, DAILY_KINDS)))
    for name in settings.repositories:
        damaged = state.of(name).damaged_dump_since
        if listed[name, LOGICAL] is not None or damaged is not None:
            found.append(Job(name, LOGICAL, retry_at(state, name, (LOGICAL,))))
    for name in ready:
        if listed[name, "incremental"] is not None and listed[name, "physical"] is None:
            found.append(Job(name, INCR, retry_at(state, name, (INCR,))))
    return found


def _served(state: State, repository: str, owed: Owed, now: float) -> bool:
    run = state.runs.get(f"{repository}/{FULL}")
    if run is None or run.last_success is None:
        return False
    if owed.since is not None:
        return run.last_success > owed.since
    return now - run.last_stop < OWED_REST_SECONDS and run.failures == 0


def physical_kind(full_starts: Iterable[float], now: float, full_every_days: int) -> str:
    """`full` when there is no full backup in the repository or the newest is old enough."""
    newest = max(full_starts, default=None)
    if newest is None:
        return FULL
    limit = full_every_days * DAY_SECONDS - ROTATION_SLACK_SECONDS
    return FULL if now - newest >= limit else DIFF


def retry_at(state: State, repository: str, kinds: tuple[str, ...]) -> float:
    """The earliest time of the next try after failures; 0 when the last run succeeded.

    A repository that was mended since is tried at once.
    """
    names = [f"{repository}/{kind}" for kind in kinds]
    tried = [state.runs[name] for name in names if name in state.runs]
    last = max(tried, key=lambda run: run.last_stop, default=None)
    mended = state.repositories[repository].mended if repository in state.repositories else None
    if last is None or last.failures == 0 or (mended is not None and mended > last.last_stop):
        return 0.0
    # A power that would grow for ever is cut where the limit is reached anyway.
    wait = min(FIRST_RETRY_SECONDS * 2 ** min(last.failures - 1, 10), LONGEST_RETRY_SECONDS)
    return last.last_stop + wait


def last_success(
    runs: Mapping[str, Run], repository: str, kinds: tuple[str, ...]
) -> float | None:
    """Start of the newest successful run of any of `kinds` in a repository."""
    tried = [runs[f"{repository}/{kind}"] for kind in kinds if f"{repository}/{kind}" in runs]
    starts = [run.last_success for run in tried if run.last_success is not None]
    return max(starts, default=None)
