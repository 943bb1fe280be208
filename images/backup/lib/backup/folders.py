"""Names in a folder, and their removal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path


def names(folder: Path) -> list[str]:
    """What lies in a folder; nothing when there is none."""
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def remove(folder: Path, gone: Iterable[str]) -> None:
    """Removes folders by their names."""
    for name in gone:
        shutil.rmtree(folder / name)
