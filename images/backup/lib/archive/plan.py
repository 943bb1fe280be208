"""Which files one repository's archive owes the other, in which order. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from engine.types import BaseBackup

from . import names


def rank(name: str) -> tuple[int, str]:
    """Sorts files in the order in which they travel: what tells of timelines first."""
    return (0 if names.history_timeline(name) else 1, name)


def floor(
    files: Collection[str], base_backups: Iterable[BaseBackup], source: Collection[str]
) -> str | None:
    """Name of the first segment that a repository needs; None when nothing is known.

    That of its oldest base backup. Before the first base backup it is where its archive begins,
    and before that, where `source` (the other's files) ends: older WAL would serve nobody.
    `base_backups`: those of the archive id that `files` are of.
    """
    starts = [backup.wal_start for backup in base_backups]
    if starts:
        return min(starts)
    segments = [name for name in files if names.segment(name)]
    if segments:
        return min(segments)
    return max((name for name in source if names.segment(name)), default=None)


def needed(name: str, floor_name: str) -> bool:
    """Whether retention keeps this file: the comparison is pgBackRest's own."""
    # Most of a longer retention's files end at the first comparison.
    if len(name) >= len(floor_name):
        return name[:24] >= floor_name and names.is_wal_file(name)
    timeline = names.history_timeline(name)
    return timeline is not None and timeline >= int(floor_name[:8], 16)


def wanted(
    source: Mapping[str, float], target: Collection[str], floor_name: str | None
) -> list[str]:
    """What `source` has, `target` lacks and needs, in order."""
    if floor_name is None:
        return []
    absent = [name for name in source if name not in target and needed(name, floor_name)]
    return sorted(absent, key=rank)


def backlog_age(source: Mapping[str, float], waiting: Iterable[str], now: float) -> float:
    """How long the oldest of the waiting files has waited, in seconds; 0 without any."""
    oldest = min((source[name] for name in waiting if name in source), default=now)
    return max(0.0, now - oldest)
