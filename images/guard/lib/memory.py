"""Which container was last seen running as which member: a small file that outlives the guard."""

import json
from collections.abc import Mapping
from pathlib import Path


def load(file: Path) -> dict[str, str]:
    """Member → container id. A file that is missing or spoilt is an empty memory: the next look
    fills it, and until then only what Docker still lists can be called dead."""
    try:
        memory = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(memory, dict):
        return {}
    return {key: value for key, value in memory.items() if isinstance(value, str)}


def save(file: Path, memory: Mapping[str, str]) -> None:
    """Replaces the file in one step, so that a killed guard leaves the old or the new one.

    Nothing is forced to the disk: a slow one must not stop the loop, and what a power loss takes
    the next look brings back.
    """
    candidate = file.with_suffix(".new")
    candidate.write_text(json.dumps(memory, indent=1, sort_keys=True))
    candidate.replace(file)
