"""Which timeline and which base backup lead to a moment. Pure.

A restore to an earlier moment leaves a stretch of WAL behind that the new timeline lacks, and base
backups of that stretch. Recovery along the newest timeline fails with such a backup, and misses a
moment within the stretch: there the timeline is meant that was the current one then.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

LINE = re.compile(r"^(\d+)\s+([0-9A-Fa-f]+)/([0-9A-Fa-f]+)\s*(.*)$")
# PostgreSQL's words in a history file when a recovery ended at a time target.
MOMENT = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)"
STOPPED = re.compile(rf"^(?:before|after) {MOMENT}([+-]\d\d(?::?\d\d)?)?$")
ENDLESS = 1 << 64


@dataclass(frozen=True)
class Fork:
    """One line of a history file: `timeline` ended at `lsn`, and why."""

    timeline: int
    lsn: int
    reason: str


@dataclass(frozen=True)
class Backup:
    """A base backup of `pgbackrest info`. `stop` in seconds since the epoch."""

    label: str
    archive: str
    system: int
    timeline: int
    lsn_stop: int
    stop: float
    bytes: int
    """What it restores to."""
    wal_start: str = ""
    """The first WAL segment that it needs."""


@dataclass(frozen=True)
class Choice:
    """A base backup and the timeline to follow from it."""

    backup: Backup
    timeline: int


def lsn_number(text: str) -> int:
    """`0/3000148` as a number."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def parse_history(text: str) -> list[Fork]:
    """The lines of a history file, oldest first."""
    found = map(LINE.match, text.splitlines())
    return [
        Fork(int(one[1]), (int(one[2], 16) << 32) + int(one[3], 16), one[4].strip())
        for one in found
        if one
    ]


def stopped_at(reason: str) -> float | None:
    """The commit before or after which recovery to a time ended; None for another end."""
    found = STOPPED.match(reason)
    if not found:
        return None
    zone = found[2] or "+00"
    moment = datetime.fromisoformat(found[1] + (zone if len(zone) > 3 else zone + ":00"))
    return moment.astimezone(UTC).timestamp()


def timeline_at(newest: int, forks: list[Fork], born: dict[int, float], moment: float) -> int:
    """The timeline that was the current one at `moment`.

    Args:
        newest: the newest timeline.
        forks: its history.
        born: when each timeline's history file reached the repository.

    Failovers lose nothing, so the newest timeline tells of them. A restore to a time does: between
    that time and the restore, the timeline that was the newest then is meant.
    """
    children = [*(fork.timeline for fork in forks[1:]), newest]
    for fork, child in zip(forks, children, strict=False):
        stopped = stopped_at(fork.reason)
        if stopped is not None and stopped < moment < born.get(child, 0.0):
            return max((one for one, at in born.items() if at <= moment), default=fork.timeline)
    return newest


def bounds(timeline: int, forks: list[Fork]) -> dict[int, int]:
    """Up to which LSN each timeline belongs to the history of this one."""
    ends = {fork.timeline: fork.lsn for fork in forks if fork.timeline < timeline}
    return {**ends, timeline: ENDLESS}


def best(
    backups: list[Backup],
    ends: dict[int, int],
    until: float | None = None,
    lsn: int | None = None,
) -> Backup | None:
    """The newest backup on that history which was complete before the target; None without one."""
    able = [
        backup
        for backup in backups
        if backup.lsn_stop <= ends.get(backup.timeline, -1)
        and (until is None or backup.stop < until)
        and (lsn is None or backup.lsn_stop <= lsn)
    ]
    return max(able, key=lambda backup: backup.stop, default=None)
