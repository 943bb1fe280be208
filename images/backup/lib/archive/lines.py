"""Timelines: which segments lead from a base backup to the newest point. Pure.

Every promotion begins a timeline, in the middle of a segment. The new timeline's copy of that
segment repeats what the old one had written of it, so the old one's last segment is needed by
nobody (PostgreSQL archives it as `.partial`), and what the old one wrote beyond is an abandoned
branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import names


@dataclass(frozen=True)
class Stretch:
    """A timeline's part of a line. `stop`, `end`: None on the newest timeline, which is open."""

    timeline: int
    first: int
    """Number of its first segment: the one in which it began."""
    stop: int | None
    """Number of the segment in which it was left: the next timeline has a copy."""
    begin: int
    """LSN at which it began."""
    end: int | None
    """LSN at which it was left."""


@dataclass(frozen=True)
class Line:
    """The way from the beginning of WAL to the newest timeline, oldest stretch first."""

    stretches: tuple[Stretch, ...]
    whole: bool
    """False: the newest timeline's .history is missing, so where it comes from is unknown."""

    @property
    def timeline(self) -> int:
        """The newest timeline."""
        return self.stretches[-1].timeline

    def timeline_of(self, number: int) -> int | None:
        """The timeline whose copy of segment `number` leads on; None before the line begins."""
        for stretch in reversed(self.stretches):
            if stretch.first <= number:
                return stretch.timeline
        return None

    def covers(self, timeline: int, first: int, end: int) -> bool:
        """Whether WAL of a timeline from segment `first` to the LSN `end` lies on this line."""
        for stretch in self.stretches:
            if stretch.timeline == timeline:
                return stretch.first <= first and (stretch.end is None or end <= stretch.end)
        return False


def draw(timeline: int, histories: Mapping[int, str]) -> Line:
    """The line that ends in `timeline`. `histories`: texts of .history files by timeline.

    Without a readable history the line is that timeline alone, from wherever its files begin.
    """
    if timeline == 1:
        return Line((Stretch(1, 0, None, 0, None),), True)
    try:
        ancestors = names.parse_history(histories[timeline])
    except (KeyError, ValueError):
        return Line((Stretch(timeline, 0, None, 0, None),), False)
    stretches: list[Stretch] = []
    begin = 0
    for ancestor in ancestors:
        first, stop = names.number_of(begin), names.number_of(ancestor.end)
        stretches.append(Stretch(ancestor.timeline, first, stop, begin, ancestor.end))
        begin = ancestor.end
    stretches.append(Stretch(timeline, names.number_of(begin), None, begin, None))
    return Line(tuple(stretches), True)
