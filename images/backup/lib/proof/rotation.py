"""Which drill is due: pure arithmetic over times (seconds since the epoch, UTC).

Nothing here counts runs: what is due follows from the records alone. So a machine that slept makes
up for what it missed, a drill on demand serves the schedule as well, and a combination that fails
keeps nobody else from being proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backup.errors import BackupError

from . import times

Combination = tuple[str, str]
"""(repository, kind)"""
KINDS = ("physical", "logical")
DAY_SECONDS = 86400
# Each is proven within a week; the last day is left for making up what fails.
OVERDUE_SECONDS = 6 * DAY_SECONDS
# After a failure: 10, 20, 40 ... minutes, at most six hours: a drill reads a whole backup.
FIRST_RETRY_SECONDS = 600
LONGEST_RETRY_SECONDS = 6 * 3600

Previous = Callable[[str, float], float]
"""The latest instant at or before a time that a cron line names."""


@dataclass(frozen=True)
class Past:
    """What the records say of one combination. None: never."""

    proven: float | None = None
    """Start of the newest drill that passed."""
    ended: float | None = None
    """End of the newest drill."""
    failures: int = 0
    """Since the last that passed."""


def combinations(repositories: Iterable[str]) -> list[Combination]:
    """Every repository with every kind."""
    return [(repository, kind) for repository in repositories for kind in KINDS]


def history(records: Iterable[Mapping[str, Any]]) -> dict[Combination, Past]:
    """Sums up records, oldest first. What is no record is passed over."""
    found: dict[Combination, Past] = {}
    for record in records:
        try:
            key = (str(record["repository"]), str(record["kind"]))
            start = times.seconds(str(record["startedAt"]))
            end = times.seconds(str(record["finishedAt"]))
            passed = record["passed"] is True
        except (KeyError, TypeError, BackupError):
            continue
        before = found.get(key, Past())
        failed = Past(before.proven, end, before.failures + 1)
        found[key] = Past(start, end, 0) if passed else failed
    return found


def due(
    among: Iterable[Combination],
    past: Mapping[Combination, Past],
    cron: str,
    now: float,
    begun: float,
    previous: Previous,
    not_before: Mapping[Combination, float] | None = None,
) -> Combination | None:
    """The drill to run now, or None.

    In this order: a failed one whose time to try again has come; when the schedule's latest
    instant has passed without a drill that passed since, the one whose proof is the oldest (not
    one that waits after a failure); one whose proof is older than six days. `begun`: the first day
    of this schedule, before which nothing is owed. `not_before`: combinations that must wait.
    """
    wait = not_before or {}
    ready = [key for key in among if wait.get(key, 0.0) <= now]
    oldest_first = sorted(ready, key=lambda key: _proven(past, key))
    failed = [key for key in oldest_first if past.get(key, Past()).failures]
    again = [key for key in failed if retry_at(past[key]) <= now]
    if again:
        return again[0]
    sound = [key for key in oldest_first if key not in failed]
    if not sound:
        return None
    served = max((p.proven for p in past.values() if p.proven is not None), default=begun)
    if previous(cron, now) > served:
        return sound[0]
    first = sound[0]
    since = past.get(first, Past()).proven
    return first if now - (begun if since is None else since) > OVERDUE_SECONDS else None


def retry_at(past: Past) -> float:
    """The earliest time of the next try after failures; 0 when the last drill passed."""
    if past.failures == 0 or past.ended is None:
        return 0.0
    wait = min(FIRST_RETRY_SECONDS * 2 ** min(past.failures - 1, 16), LONGEST_RETRY_SECONDS)
    return past.ended + wait


def _proven(past: Mapping[Combination, Past], key: Combination) -> float:
    proven = past.get(key, Past()).proven
    return 0.0 if proven is None else proven
