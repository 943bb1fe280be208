"""Where the facts come from: engine, volume, bucket, records. To ask here may take its time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backup import paths, retention, sums, uploads
from backup.settings import Settings
from engine import LOCAL, open_engine

from . import records
from .inventory import Questions

INVENTORIES = paths.RUNTIME / "inventories"
"""What each repository last said; on tmpfs: after a restart it is asked anew."""
OWED = paths.HOME / "backup-owed.json"
DRILL_ALIVE = paths.HOME / "alive"


def questions(settings: Settings, repository: str) -> Questions:
    """How to ask this repository."""
    engine = open_engine(settings)
    if repository == LOCAL:
        return Questions(lambda: engine.base_backups(LOCAL), lambda: manifests(paths.DUMPS))
    return Questions(
        lambda: engine.base_backups(repository), lambda: uploads.manifests(settings)
    )


def manifests(folder: Path) -> list[dict[str, Any]]:
    """The manifests of the complete dumps in a folder, by label."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return [_manifest(folder / name) for name in sorted(names) if retention.LABEL.match(name)]


def _manifest(folder: Path) -> dict[str, Any]:
    """A dump's manifest, or its label alone when it has none that can be read."""
    try:
        return {**json.loads((folder / sums.MANIFEST_FILE).read_text()), "label": folder.name}
    except (OSError, ValueError, TypeError):
        return {"label": folder.name}


class Drills:
    """The drills' records, read again only when there is a new one."""

    def __init__(self, folder: Path = paths.RECORDS) -> None:
        self._folder = folder
        self._seen: float | None = None
        self._proofs: list[records.Proof] = []

    def proofs(self) -> list[records.Proof]:
        """Every record, oldest first."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except OSError:
            return []
        if changed != self._seen:
            self._seen, self._proofs = changed, records.read(self._folder)
        return self._proofs


def owed(file: Path = OWED) -> dict[str, Any]:
    """Which backups the drills want replaced; nothing when the file says nothing."""
    try:
        body = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def alive(file: Path = DRILL_ALIVE) -> float | None:
    """When the container of the restore drills last gave a sign of life."""
    try:
        return file.stat().st_mtime
    except OSError:
        return None
