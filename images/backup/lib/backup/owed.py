"""Full backups that somebody asks for: the archive's continuity, a failed drill, a damaged file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import paths
from .schedule import Owed
from .state import State

DRILLS = paths.HOME / "backup-owed.json"


def gather(
    state: State, archive: Path = paths.BACKUP_OWED, drills: Path = DRILLS
) -> dict[str, Owed]:
    """What is owed, by repository; a file that is missing or damaged asks for nothing."""
    found: dict[str, Owed] = {}
    for repository, reason in _read(archive).items():
        if isinstance(reason, str):
            found[repository] = Owed(reason)
    asked = {**_asked(_read(drills)), **_damaged(state)}
    for repository, owed in asked.items():
        # Without a time it is served by none in particular: it stays with who wrote it.
        found.setdefault(repository, owed)
    return found


def _asked(body: Mapping[str, Any]) -> dict[str, Owed]:
    return {
        repository: Owed(str(entry.get("reason", "a restore drill failed")), float(entry["since"]))
        for repository, entry in body.items()
        if isinstance(entry, dict) and isinstance(entry.get("since"), (int, float))
    }


def _damaged(state: State) -> dict[str, Owed]:
    return {
        repository: Owed("a base backup was found damaged", entry.damaged_since)
        for repository, entry in state.repositories.items()
        if entry.damaged_since is not None
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
