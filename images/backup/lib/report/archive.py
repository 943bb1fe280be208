"""archive.json: what the shipping thread last said of the WAL archives. Only read here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.types import BaseBackup

# The thread writes every 5 s at the latest: after this its word on faults is history.
FRESH_SECONDS = 60

Interval = tuple[float, float]


@dataclass(frozen=True)
class Archive:
    """One repository's archive. Times are seconds since the epoch, None where nobody knows."""

    up: bool = True
    cause: str = ""
    error: str = ""
    last_segment: float | None = None
    recoverable_to: float | None = None
    holes: tuple[tuple[str, ...], ...] = ()
    """Each: archive id, then names that are missing."""
    intervals: tuple[Interval, ...] = ()
    """Stretches of time without a hole, oldest first."""


@dataclass(frozen=True)
class Report:
    """The whole file."""

    at: float | None = None
    """When it was written; None: there is none yet."""
    repositories: dict[str, Archive] = field(default_factory=dict)
    backlog_segments: int | None = None
    backlog_age: float | None = None
    queues: dict[str, int] = field(default_factory=dict)
    queue_limit: int | None = None
    holes_filled: dict[str, int] = field(default_factory=dict)
    heartbeat: float | None = None
    clock_skew: float | None = None

    def fresh(self, now: float) -> bool:
        """Whether the thread that writes it still does."""
        return self.at is not None and now - self.at <= FRESH_SECONDS


def load(path: Path) -> Report:
    """Reads the file; one that is missing or damaged says nothing."""
    try:
        return parse(path.read_text())
    except OSError:
        return Report()


def parse(text: str) -> Report:
    """As load, of the text."""
    try:
        body = json.loads(text)
        backlog = body.get("backlog") or {}
        return Report(
            at=float(body["at"]),
            repositories={
                name: _archive(entry) for name, entry in body.get("repositories", {}).items()
            },
            backlog_segments=backlog.get("segments"),
            backlog_age=backlog.get("ageSeconds"),
            queues=dict(body.get("queues") or {}),
            queue_limit=body.get("queueLimit"),
            holes_filled=dict(body.get("holesFilled") or {}),
            heartbeat=(body.get("heartbeat") or {}).get("at"),
            clock_skew=body.get("clockSkew"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Report()


def _archive(entry: dict[str, Any]) -> Archive:
    return Archive(
        up=bool(entry.get("up", True)),
        cause=entry.get("cause") or "",
        error=entry.get("error") or "",
        last_segment=entry.get("lastSegmentAt"),
        recoverable_to=entry.get("recoverableTo"),
        holes=tuple(tuple(map(str, hole)) for hole in entry.get("holes") or ()),
        intervals=tuple((float(a), float(b)) for a, b in entry.get("intervals") or ()),
    )


def open_holes(
    holes: Iterable[tuple[str, ...]], base_backups: Iterable[BaseBackup]
) -> list[tuple[str, ...]]:
    """The holes that no newer base backup has made harmless.

    One that lies before the newest base backup only parts what came before it from what came
    after; one behind it loses the present.
    """
    newest = max(base_backups, key=lambda backup: backup.stop, default=None)
    if newest is None:
        return list(holes)
    return [hole for hole in holes if _order(hole[0], hole[-1]) > _order_of(newest)]


def windows(archive: Archive, base_backups: Iterable[BaseBackup]) -> list[Interval]:
    """What can be recovered, as separate stretches of time, oldest first.

    A stretch of WAL serves from the first base backup in it on. A base backup in none serves its
    own end alone, unless no heartbeat was archived since and nothing is missing before it.
    """
    held = list(base_backups)
    stops = sorted(backup.stop for backup in held)
    stretches = sorted(archive.intervals)
    if stretches and stops and not open_holes(archive.holes, held):
        first, last = stretches[-1]
        stretches[-1] = (first, max(last, stops[-1]))
    found: list[Interval] = []
    for first, last in stretches:
        inside = [stop for stop in stops if first <= stop <= last]
        if inside:
            found.append((inside[0], last))
        stops = [stop for stop in stops if stop not in inside]
    return sorted(found + [(stop, stop) for stop in stops])


def recoverable_to(stop: float, intervals: Iterable[Interval]) -> float:
    """How far a base backup that ended at `stop` can be rolled forward."""
    return max((last for first, last in intervals if first <= stop <= last), default=stop)


def _order(archive: str, name: str) -> tuple[int, str]:
    """Archive ids count clusters (`17-2` follows `17-1`); names sort by timeline and position."""
    number = archive.rpartition("-")[2]
    return (int(number) if number.isdigit() else 0, name)


def _order_of(backup: BaseBackup) -> tuple[int, str]:
    return _order(backup.archive, backup.wal_stop)
