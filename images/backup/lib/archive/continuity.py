"""What a repository's archive lacks, and what can be recovered from it (M24). Pure.

From three lists: the files of the archive, the base backups, the texts of the .history files. Each
archive id (`17-1`: one cluster's WAL) is judged for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from engine.types import BaseBackup

from . import lines, names
from .names import Segment


@dataclass(frozen=True)
class Interval:
    """A stretch in which every point can be recovered."""

    start: float
    """When the first base backup that opens it ended, seconds since the epoch."""
    begin: int
    """LSN at which that base backup is consistent."""
    end: int
    """LSN at which the unbroken WAL ends."""
    last: str
    """Name of the last segment before the end."""


@dataclass(frozen=True)
class Judgement:
    """What is known of one archive id of one repository."""

    line: lines.Line
    """The way to the newest point that can be recovered."""
    holes: tuple[tuple[str, ...], ...]
    """Names that are missing, in order, neighbours together."""
    consistent: frozenset[str]
    """Labels of the base backups whose own WAL is there."""
    intervals: tuple[Interval, ...]
    """Oldest first. A base backup on an abandoned branch opens none: `latest` passes it by."""
    newest: int
    """LSN to which the newest timeline's line would reach without a hole."""

    @property
    def missing(self) -> tuple[str, ...]:
        """All missing names."""
        return tuple(name for hole in self.holes for name in hole)

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """Missing names that keep the newest point from being reached.

        One that lies before a usable base backup only parts the window.
        """
        end = self.end or 0
        found = ((name, names.segment(name)) for name in self.missing)
        return tuple(
            name for name, place in found if place is None or names.start_of(place.number) >= end
        )

    @property
    def end(self) -> int | None:
        """LSN to which the best base backup rolls forward; None without a usable one."""
        return self.intervals[-1].end if self.intervals else None

    @property
    def reaches_newest(self) -> bool:
        """Whether some base backup leads to the newest point of this archive."""
        return self.end == self.newest

    def holds(self, lsn: int, timeline: int | None = None) -> bool:
        """Whether all WAL up to `lsn` can be replayed. `timeline`: on which it was written."""
        end = self.end
        if end is None or lsn > end:
            return False
        return timeline is None or any(
            stretch.timeline == timeline
            and stretch.begin <= lsn
            and (stretch.end is None or lsn <= stretch.end)
            for stretch in self.line.stretches
        )


def judge(
    files: Collection[str], base_backups: Iterable[BaseBackup], histories: Mapping[int, str]
) -> Judgement | None:
    """Judges the files (names) of one archive id, and the base backups of the same.

    `histories`: texts of its .history files by timeline. None without any timeline.
    """
    present = {(place.timeline, place.number) for place in map(names.segment, files) if place}
    told = {timeline for timeline in map(names.history_timeline, files) if timeline}
    backups = sorted(base_backups, key=lambda backup: (backup.lsn_start, backup.stop))
    timelines = {timeline for timeline, _ in present} | told
    timelines |= {place.timeline for place in map(_start, backups) if place}
    if not timelines:
        return None
    drawn = _lines(timelines, histories)
    missing: set[tuple[int, int]] = set()
    consistent: set[str] = set()
    reached: list[tuple[Interval, lines.Line]] = []
    walks = [_Walk(line, present) for line in drawn]
    for backup in backups:
        first, last = _start(backup), names.segment(backup.wal_stop)
        if first is None or last is None:
            continue
        walk = next((walk for walk in walks if _covers(walk.line, backup)), None)
        if walk is None:
            lost = {
                (first.timeline, number)
                for number in range(first.number, last.number + 1)
                if (first.timeline, number) not in present
            }
        else:
            missing |= walk.missing_from(first.number)
            lost = walk.missing_from(first.number, last.number)
        missing |= lost
        if lost:
            continue
        consistent.add(backup.label)
        if walk is not None:
            reached.append((_interval(backup, walk, first.number), walk.line))
    untold = [names.history_name(line.timeline) for line in drawn if not line.whole]
    furthest = max(reached, key=lambda item: item[0].end, default=None)
    return Judgement(
        furthest[1] if furthest else drawn[0],
        (*((name,) for name in untold), *_runs(missing)),
        frozenset(consistent),
        _merged(interval for interval, _ in reached),
        names.start_of(walks[0].top + 1),
    )


class _Walk:
    """One line's segments, in order, and which of them are missing."""

    def __init__(self, line: lines.Line, present: set[tuple[int, int]]) -> None:
        self.line = line
        newest = [number for timeline, number in present if timeline == line.timeline]
        # A timeline of which only the .history has arrived asks for all before it.
        self.top = max(newest, default=line.stretches[-1].first - 1)
        self._present = present
        self._absent: list[tuple[int, int]] | None = None
        self._from = 0

    def missing_from(self, first: int, last: int | None = None) -> set[tuple[int, int]]:
        """Missing places from segment `first` to `last` (to the newest, by default)."""
        top = self.top if last is None else last
        if self._absent is None or first < self._from:
            self._absent, self._from = self._absent_between(first, self.top), first
        found = {place for place in self._absent if first <= place[1] <= top}
        if top > self.top:
            found |= set(self._absent_between(max(first, self.top + 1), top))
        return found

    def reach(self, first: int) -> int:
        """Number of the last segment before the first missing one."""
        return min((number for _, number in self.missing_from(first)), default=self.top + 1) - 1

    def _absent_between(self, first: int, last: int) -> list[tuple[int, int]]:
        places = ((self.line.timeline_of(number) or 0, number) for number in range(first, last + 1))
        return [place for place in places if place not in self._present]


def _lines(timelines: set[int], histories: Mapping[int, str]) -> list[lines.Line]:
    """The newest line; below one whose history is missing, the next older timeline's as well."""
    drawn: list[lines.Line] = []
    for timeline in sorted(timelines, reverse=True):
        drawn.append(lines.draw(timeline, histories))
        if drawn[-1].whole:
            break
    return drawn


def _start(backup: BaseBackup) -> Segment | None:
    return names.segment(backup.wal_start)


def _covers(line: lines.Line, backup: BaseBackup) -> bool:
    first = _start(backup)
    try:
        end = names.parse_lsn(backup.lsn_stop)
    except ValueError:
        return False
    return first is not None and line.covers(first.timeline, first.number, end)


def _interval(backup: BaseBackup, walk: _Walk, first: int) -> Interval:
    number = walk.reach(first)
    last = names.segment_name(Segment(walk.line.timeline_of(number) or 0, number))
    begin = names.parse_lsn(backup.lsn_stop)
    return Interval(backup.stop, begin, names.start_of(number + 1), last)


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """One interval for all base backups that roll forward to the same end."""
    by_end: dict[int, Interval] = {}
    for interval in intervals:
        known = by_end.get(interval.end)
        if known is None or interval.begin < known.begin:
            by_end[interval.end] = interval
    return tuple(by_end[end] for end in sorted(by_end))


def _runs(missing: set[tuple[int, int]]) -> Iterable[tuple[str, ...]]:
    """Missing places of one timeline, neighbours together."""
    run: list[str] = []
    before: tuple[int, int] | None = None
    for place in sorted(missing):
        if before is not None and place != (before[0], before[1] + 1):
            yield tuple(run)
            run = []
        run.append(names.segment_name(Segment(*place)))
        before = place
    if run:
        yield tuple(run)
