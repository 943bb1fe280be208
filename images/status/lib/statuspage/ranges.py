"""The stretches of time that the charts can show."""

from __future__ import annotations

from dataclasses import dataclass


# A line's points keep their places between two looks, but in a long range too the newest is not older.
GRID_SECONDS = 60


def end_of(now: float, step: int) -> float:
    """Where a chart ends whose points are `step` seconds apart: at most GRID_SECONDS ago."""
    grid = min(step, GRID_SECONDS)
    return now // grid * grid


@dataclass(frozen=True)
class Range:
    """`step`: 120 points each, about one for every third pixel of a chart."""

    key: str
    seconds: int
    words: str

    @property
    def step(self) -> int:
        """Seconds between two points."""
        return self.seconds // 120

    def window(self, scrape_seconds: float) -> int:
        """Over how many seconds a rate is taken: every sample counts, and four scrapes at least."""
        return max(self.step, 60, int(4 * scrape_seconds))


RANGES = (
    Range("1h", 3600, "last hour"),
    Range("6h", 6 * 3600, "last 6 hours"),
    Range("24h", 24 * 3600, "last 24 hours"),
    Range("7d", 7 * 24 * 3600, "last 7 days"),
)
DEFAULT = RANGES[0]


def range_of(key: str) -> Range:
    """The range of that name; the default for any other word."""
    return next((one for one in RANGES if one.key == key), DEFAULT)


def address(shown: Range, refresh: bool) -> str:
    """The page's own address with this range, renewing itself or not."""
    return f"/?range={shown.key}" + ("" if refresh else "&refresh=off")
