"""The marks that were taken: files marks/<time>.json, kept for eight days. Times: epoch seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from backup import paths
from backup.errors import BackupError

from .checksums import Entry
from .sessions import Heartbeat

# A base backup of a week ago is still met by a mark.
KEEP_SECONDS = 8 * 86400


@dataclass(frozen=True)
class Mark:
    """What the tables held when everything before `lsn`, and nothing after, was replayed."""

    lsn: str
    at: float
    timeline: int
    system: str
    """PostgreSQL's identifier of the cluster: positions of another one mean nothing here."""
    source: str
    """Where it was read, for people."""
    tables: dict[str, list[Entry]]
    """By database."""
    heartbeat: Heartbeat | None
    """The newest one then."""

    def of(self, timeline: int, system: str) -> Mark:
        """The same with the leader's timeline and identifier."""
        return replace(self, timeline=timeline, system=system)


def store(mark: Mark, folder: Path | None = None) -> Path:
    """Writes the mark, and removes those that are too old."""
    folder = paths.MARKS if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - KEEP_SECONDS:
            path.unlink()
    path = folder / time.strftime("%Y%m%dT%H%M%SZ.json", time.gmtime(mark.at))
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        json.dump(asdict(mark), file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return path


def load(path: Path) -> Mark:
    """Reads one; raises BackupError naming the file."""
    try:
        body = json.loads(path.read_text())
        heartbeat = body["heartbeat"]
        return Mark(
            lsn=str(body["lsn"]),
            at=float(body["at"]),
            timeline=int(body["timeline"]),
            system=str(body["system"]),
            source=str(body["source"]),
            tables={str(name): list(entries) for name, entries in body["tables"].items()},
            heartbeat=Heartbeat(**heartbeat) if heartbeat else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"mark {path} cannot be read: {error!r}") from error


def newest(usable: Callable[[Mark], bool], folder: Path | None = None) -> Mark | None:
    """The newest mark that serves; files that cannot be read are passed over."""
    folder = paths.MARKS if folder is None else folder
    for path in sorted(folder.glob("*.json"), reverse=True):
        try:
            mark = load(path)
        except BackupError:
            continue
        if usable(mark):
            return mark
    return None
