"""Room on the repository's volume, when it is full and the cloud holds what would go.

WAL that finds no room waits on the nodes until their queues drop it. So the oldest full backups
here are expired, with the WAL that only they need, one at a time; never the last one, and nothing
that the cloud lacks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from engine.types import CLOUD, LOCAL, Archived, BaseBackup, Engine

from . import paths
from .errors import BackupError

# Two segments, or as small a part of a larger volume: below it the next push may fail.
LEAST_BYTES = 32 << 20
MOST_BYTES = 1 << 30
PART = 50
RESERVE_BYTES = 4 << 20


def threshold(total: int) -> int:
    """Free bytes below which a volume of this size counts as full. Pure."""
    return max(LEAST_BYTES, min(total // PART, MOST_BYTES))


def short(path: Path = paths.REPOSITORY) -> bool:
    """Whether the volume counts as full."""
    usage = shutil.disk_usage(path)
    return usage.free < threshold(usage.total)


def expendable(
    local: list[BaseBackup],
    cloud: list[BaseBackup],
    local_files: Iterable[Archived],
    cloud_files: Iterable[Archived],
) -> str | None:
    """Label of the full backup that may go, or None. Pure.

    It may when a newer full one stays, the cloud has a backup at least as new as that, and every
    segment that goes with it has reached the cloud.
    """
    fulls = [item for item in local if item.kind == "full"]
    if len(fulls) < 2 or not any(item.kind == "full" for item in cloud):
        return None
    oldest, following = fulls[0], fulls[1]
    if max(item.stop for item in cloud) < oldest.stop:
        return None
    there = {file.name for file in cloud_files}
    goes = (
        file.name
        for file in local_files
        if file.archive == oldest.archive and file.name < following.wal_start
    )
    return None if any(name not in there for name in goes) else oldest.label


def make(engine: Engine) -> list[str]:
    """Expires what may go until there is room again; returns the labels. Needs the lock."""
    gone: list[str] = []
    while short():
        label = expendable(
            engine.base_backups(LOCAL),
            engine.base_backups(CLOUD),
            engine.archived(LOCAL),
            engine.archived(CLOUD),
        )
        if label is None:
            break
        # Expiring writes a new list before it removes anything.
        paths.RESERVE.unlink(missing_ok=True)
        engine.expire(LOCAL, label)
        gone.append(label)
    return gone


def keep_reserve() -> None:
    """Sets the reserve aside while there is room for it."""
    if paths.RESERVE.exists() or short():
        return
    try:
        with paths.RESERVE.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    except OSError as error:
        paths.RESERVE.unlink(missing_ok=True)
        raise BackupError(f"cannot set {paths.RESERVE} aside: {error.strerror}") from error
