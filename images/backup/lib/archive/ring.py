"""The heartbeats of eight days: at which LSN the leader's clock showed what. Pure, but for a file.

It answers "until when can be recovered": the archive knows LSNs, people ask for times. The file is
for the day on which the cluster is gone and with it the table.
"""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

KEPT_SECONDS = 8 * 86400


@dataclass(frozen=True)
class Beat:
    """A row of the heartbeat table that is committed."""

    at: float
    """The leader's clock, seconds since the epoch."""
    lsn: int
    """WAL up to here includes the row's commit."""
    timeline: int | None
    """Where it was written; None: on the line of the leader whose table was read."""


class Ring:
    """Heartbeats in order of time and LSN. Replaced or appended by one thread, read by others."""

    def __init__(self, beats: Iterable[Beat] = ()) -> None:
        self._beats = tuple(beats)

    def __len__(self) -> int:
        return len(self._beats)

    def all(self) -> tuple[Beat, ...]:
        """Every one, oldest first."""
        return self._beats

    @property
    def newest(self) -> Beat | None:
        """The last one written."""
        return self._beats[-1] if self._beats else None

    def continues(self, beat: Beat) -> bool:
        """Whether `beat` follows what is known: else the table has to be read anew."""
        last = self.newest
        return last is not None and last.timeline == beat.timeline and beat.lsn >= last.lsn

    def append(self, beat: Beat) -> None:
        """Adds one and forgets what is older than the table keeps."""
        oldest = beat.at - KEPT_SECONDS
        keep = bisect_right(self._beats, oldest, key=lambda known: known.at)
        self._beats = (*self._beats[keep:], beat)

    def replace(self, beats: Iterable[Beat]) -> None:
        """Takes the table's word for everything."""
        self._beats = tuple(beats)

    def newest_at_or_before(
        self, lsn: int, fits: Callable[[Beat], bool] = lambda _: True
    ) -> Beat | None:
        """The newest heartbeat whose commit lies in WAL up to `lsn`, and that `fits`."""
        beats = self._beats
        index = bisect_right(beats, lsn, key=lambda beat: beat.lsn)
        return next((beats[i] for i in range(index - 1, -1, -1) if fits(beats[i])), None)


def from_table(rows: Iterable[tuple[float, int]], now_lsn: int) -> list[Beat]:
    """Heartbeats from the table's rows (time, LSN before the commit), oldest first.

    The LSN after a row's commit is not in it, but the next row was written later. `now_lsn`: the
    leader's position, for the last one.
    """
    known = list(rows)
    after = [*(lsn for _, lsn in known), now_lsn][1:]
    return [Beat(at, lsn, None) for (at, _), lsn in zip(known, after, strict=True)]


def write(path: Path, beats: Iterable[Beat]) -> None:
    """Writes all, in place of what was there. Raises OSError."""
    new = path.with_suffix(".new")
    try:
        new.write_text("".join(map(_line, beats)))
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def add(path: Path, beat: Beat) -> None:
    """Appends one. Raises OSError."""
    with path.open("a") as file:
        file.write(_line(beat))


def read(path: Path) -> list[Beat]:
    """What the file holds; a line that was cut off is passed over. Nothing without a file."""
    try:
        text = path.read_text()
    except OSError:
        return []
    beats: list[Beat] = []
    for line in text.splitlines():
        parts = line.split()
        try:
            at, lsn, timeline = float(parts[0]), int(parts[1]), int(parts[2])
        except (ValueError, IndexError):
            continue
        if len(parts) == len(("at", "lsn", "timeline")) and (not beats or lsn >= beats[-1].lsn):
            beats.append(Beat(at, lsn, timeline or None))
    return beats


def _line(beat: Beat) -> str:
    return f"{beat.at:.3f} {beat.lsn} {beat.timeline or 0}\n"
