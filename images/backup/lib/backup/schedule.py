"""When a backup is due: pure arithmetic over times (seconds since the epoch, UTC).

Nothing here counts runs or remembers ticks. A run is due when the latest instant its cron line
names has passed without a success that began after it. So a machine that slept through three
nights owes one run when it wakes, not three, and a run on demand serves the schedule as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import Run, State

PHYSICAL_KINDS = ("full", "incr")
LOGICAL_KINDS = ("logical",)
DAY_SECONDS = 86400
# After a failure: 1, 2, 4 ... minutes, at most half an hour: a mended fault is soon made up for.
FIRST_RETRY_SECONDS = 60
LONGEST_RETRY_SECONDS = 1800
# A full backup of yesterday 02:15:03 is a day old at 02:15:00: without this, every rotation slips.
ROTATION_SLACK_SECONDS = 3600

Previous = Callable[[str, float], float]
"""The latest instant at or before a time that a cron line names."""


def due_since(
    cron: str, now: float, served: float | None, begun: float, previous: Previous
) -> float | None:
    """The instant whose run is owed, or None.

    `served`: start of the last successful run; `begun`: when this repository was first used, so
    that instants before it are owed by nobody.
    """
    instant = previous(cron, now)
    return instant if instant > (begun if served is None else served) else None


def physical_due(state: State, cron: str, now: float, previous: Previous) -> float | None:
    """As due_since; and from the very start while there is no base backup to recover from."""
    served = last_success(state.runs, PHYSICAL_KINDS)
    if served is None:
        return state.created
    return due_since(cron, now, served, state.created, previous)


def logical_due(state: State, cron: str, now: float, previous: Previous) -> float | None:
    """As due_since, for dumps."""
    return due_since(cron, now, last_success(state.runs, LOGICAL_KINDS), state.created, previous)


def physical_kind(full_starts: Iterable[float], now: float, full_every_days: int) -> str:
    """`full` when there is no full backup in the repository or the newest is old enough."""
    newest = max(full_starts, default=None)
    if newest is None:
        return "full"
    limit = full_every_days * DAY_SECONDS - ROTATION_SLACK_SECONDS
    return "full" if now - newest >= limit else "incr"


def retry_at(runs: dict[str, Run], kinds: tuple[str, ...]) -> float:
    """The earliest time of the next try after failures; 0 when the last run succeeded."""
    tried = [runs[kind] for kind in kinds if kind in runs]
    last = max(tried, key=lambda run: run.last_stop, default=None)
    if last is None or last.failures == 0:
        return 0.0
    wait = min(FIRST_RETRY_SECONDS * 2 ** (last.failures - 1), LONGEST_RETRY_SECONDS)
    return last.last_stop + wait


def last_success(runs: dict[str, Run], kinds: tuple[str, ...]) -> float | None:
    """Start of the newest successful run of any of `kinds`."""
    starts = [runs[k].last_success for k in kinds if k in runs and runs[k].last_success is not None]
    return max((start for start in starts if start is not None), default=None)
