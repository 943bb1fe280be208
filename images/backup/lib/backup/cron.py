"""Cron lines, read by croniter. The one module that needs it."""

from __future__ import annotations

import datetime

from croniter import croniter

from .errors import SettingsError


def previous(line: str, now: float) -> float:
    """The latest instant at or before `now` that the line names, in UTC."""
    # get_prev is strictly before its start: the instant itself has come, so it counts.
    start = datetime.datetime.fromtimestamp(int(now) + 1, datetime.timezone.utc)
    return float(croniter(line, start).get_prev(float))


def check(line: str, key: str) -> None:
    """Raises SettingsError when the line is not a cron line of five fields."""
    if len(line.split()) != 5 or not croniter.is_valid(line):
        raise SettingsError(f"backup.json: schedule.{key} is not a cron line: {line!r}")
