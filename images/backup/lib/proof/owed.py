"""backup-owed.json: what the backup container must take anew, because a drill found it damaged.

{"local": {"reason", "since", "label"}, "local/logical": …}: a base backup, or a dump, that began
after `since` (seconds since the epoch) is what is owed. The backup container reads it only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backup import paths

FILE = paths.HOME / "backup-owed.json"


def key(repository: str, kind: str) -> str:
    """The entry's name: the repository's own for a base backup."""
    return repository if kind == "physical" else f"{repository}/{kind}"


def ask(repository: str, kind: str, reason: str, label: str, since: float) -> None:
    """Asks for a new one; an older request for the same is replaced."""
    owed = read()
    owed[key(repository, kind)] = {"reason": reason, "since": since, "label": label}
    _write(owed)


def settled(repository: str, kind: str, label: str) -> None:
    """A drill of the backup `label` passed: what was asked for because of it, or of an older one,
    is there."""
    owed = read()
    entry = owed.get(key(repository, kind))
    damaged = str(entry.get("label", "")) if isinstance(entry, dict) else ""
    if entry is not None and moment(label) >= moment(damaged):
        del owed[key(repository, kind)]
        _write(owed)


def moment(label: str) -> str:
    """The part of a label that tells when: `20261125-131046I` of what builds on an older one."""
    return label.rpartition("_")[2]


def read(file: Path | None = None) -> dict[str, Any]:
    """What is owed; empty when the file is missing or cannot be read."""
    try:
        body = json.loads((FILE if file is None else file).read_text())
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def _write(owed: dict[str, Any]) -> None:
    partial = FILE.with_suffix(".partial")
    partial.write_text(json.dumps(owed, indent=2) + "\n")
    partial.replace(FILE)
