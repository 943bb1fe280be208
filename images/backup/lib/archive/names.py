"""Names of WAL files: what a segment's 24 digits mean, and what a .history file says. Pure.

A segment is named by its timeline and its place in the WAL: `00000002` `0000000A` `000000FE` is on
timeline 2; the other 16 digits are its number, in base "segments per 4 GiB".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SEGMENT_BYTES = 16 * 1024 * 1024
"""PostgreSQL's default `wal_segment_size`, which Holdfast never changes."""
_LOG_BYTES = 1 << 32

_SEGMENT = re.compile(r"[0-9A-F]{24}")
_PARTIAL = re.compile(r"([0-9A-F]{24})\.partial")
_BACKUP = re.compile(r"([0-9A-F]{24})\.[0-9A-F]{8}\.backup")
_HISTORY = re.compile(r"([0-9A-F]{8})\.history")
_LSN = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")
_HISTORY_LINE = re.compile(r"\s*(\d+)\s+([0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8})(\s|$)")


@dataclass(frozen=True, order=True)
class Segment:
    """A segment's place: timeline and number (0 is the first 16 MiB of all WAL)."""

    timeline: int
    number: int


@dataclass(frozen=True)
class Ancestor:
    """A timeline that a later one descends from, and the LSN at which it was left."""

    timeline: int
    end: int


def segment(name: str, size: int = SEGMENT_BYTES) -> Segment | None:
    """The place of a whole segment; None for every other name."""
    return _place(name, size) if _SEGMENT.fullmatch(name) else None


def partial(name: str, size: int = SEGMENT_BYTES) -> Segment | None:
    """The place of a `.partial`: a timeline's last segment, as far as it was written."""
    match = _PARTIAL.fullmatch(name)
    return _place(match[1], size) if match else None


def history_timeline(name: str) -> int | None:
    """The timeline that a `.history` file tells of; None for every other name."""
    match = _HISTORY.fullmatch(name)
    return int(match[1], 16) if match else None


def history_name(timeline: int) -> str:
    """The file that tells where this timeline comes from. Timeline 1 has none."""
    return f"{timeline:08X}.history"


def is_wal_file(name: str) -> bool:
    """Whether a name is one that PostgreSQL archives."""
    return any(form.fullmatch(name) for form in (_SEGMENT, _PARTIAL, _BACKUP, _HISTORY))


def segment_name(place: Segment, size: int = SEGMENT_BYTES) -> str:
    """The 24 digits of a place."""
    log, low = divmod(place.number, _LOG_BYTES // size)
    return f"{place.timeline:08X}{log:08X}{low:08X}"


def following(place: Segment) -> Segment:
    """The next segment of the same timeline."""
    return Segment(place.timeline, place.number + 1)


def preceding(place: Segment) -> Segment | None:
    """The segment before, None before the first."""
    return Segment(place.timeline, place.number - 1) if place.number > 0 else None


def number_of(lsn: int, size: int = SEGMENT_BYTES) -> int:
    """Number of the segment that holds the byte at `lsn`."""
    return lsn // size


def start_of(number: int, size: int = SEGMENT_BYTES) -> int:
    """LSN of a segment's first byte."""
    return number * size


def parse_lsn(text: str) -> int:
    """`16/B374D848` as a number. Raises ValueError for what is no LSN."""
    match = _LSN.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not an LSN")
    return int(match[1], 16) << 32 | int(match[2], 16)


def format_lsn(lsn: int) -> str:
    """A number as PostgreSQL writes LSNs."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def parse_history(text: str) -> tuple[Ancestor, ...]:
    """The ancestors in a .history file, oldest first. Raises ValueError when it is damaged."""
    found: list[Ancestor] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _HISTORY_LINE.match(line)
        if not match:
            raise ValueError(f"not a line of a history file: {line!r}")
        ancestor = Ancestor(int(match[1]), parse_lsn(match[2]))
        if found and (ancestor.timeline <= found[-1].timeline or ancestor.end < found[-1].end):
            raise ValueError(f"timelines out of order at {line!r}")
        found.append(ancestor)
    if not found:
        raise ValueError("the history file names no timeline")
    return tuple(found)


def _place(digits: str, size: int) -> Segment | None:
    low = int(digits[16:24], 16)
    per_log = _LOG_BYTES // size
    if low >= per_log:
        return None
    return Segment(int(digits[:8], 16), int(digits[8:16], 16) * per_log + low)
