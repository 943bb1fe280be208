"""Numbers and times as people read them. Pure."""

from __future__ import annotations

import time

NOTHING = "–"
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def duration(seconds: float | None) -> str:
    """Two units at most: `0.3 ms`, `850 ms`, `12 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`."""
    if seconds is None:
        return NOTHING
    if seconds == 0:
        return "0 s"
    if seconds < 0.0095:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, below, length, small, part in (
        ("min", 3600, 60, "s", 1),
        ("h", 86_400, 3600, "min", 60),
        ("d", float("inf"), 86_400, "h", 3600),
    ):
        if whole < 120:
            return f"{whole} s"
        if whole < below:
            rest = whole % length // part
            return f"{whole // length} {unit}" + (f" {rest} {small}" if rest else "")
    return NOTHING


def size(count: float | None) -> str:
    if count is None:
        return NOTHING
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_SIZES[unit]}" if value < 10 and unit else f"{value:.0f} {_SIZES[unit]}"


def number(value: float | None) -> str:
    """Three digits that count: `0.03`, `4.6`, `128`, `12.3k`."""
    if value is None:
        return NOTHING
    if value >= 10_000:
        return f"{value / 1000:.1f}k" if value < 100_000 else f"{value / 1000:.0f}k"
    if value == round(value) or value >= 100:
        return f"{value:.0f}"
    return (f"{value:.1f}" if value >= 1 else f"{value:.2f}").removesuffix(".0")


def of_unit(value: float | None, unit: str) -> str:
    """A chart's value in its unit."""
    if unit == "s":
        return duration(value)
    if unit == "bytes":
        return size(value)
    return number(value) if unit == "" or value is None else f"{number(value)}{unit}"


def clock(at: float | None, now: float) -> str:
    """UTC: `14:03:10`, with the date when it is another day."""
    if at is None:
        return "never"
    moment, today = time.gmtime(at), time.gmtime(now)
    form = "%H:%M:%S" if moment[:3] == today[:3] else "%Y-%m-%d %H:%M"
    return time.strftime(form, moment)


def ago(at: float | None, now: float) -> str:
    """How long ago, in one unit: `47 h ago`."""
    if at is None:
        return "never"
    passed = max(0, round(now - at))
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if passed >= 2 * length:
            return f"{passed // length} {unit} ago"
    return f"{passed} s ago"
