"""What one repository holds, as it last answered, kept so that an outage does not empty the list.

The metrics page asks in the background and `holdfast-backups` asks when it is called; both leave
the answer in a file, so each knows what the other saw.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.types import BaseBackup

UNREACHABLE = "unreachable"
OTHER = "other"


@dataclass(frozen=True)
class Dump:
    """One logical backup. Times are seconds since the epoch, None where nobody can read them."""

    label: str
    start: float | None = None
    stop: float | None = None
    bytes: int | None = None
    instant: float | None = None
    """The snapshot it was taken from: what it restores to."""

    @property
    def damaged(self) -> bool:
        """Nobody can read its manifest."""
        return self.stop is None


@dataclass(frozen=True)
class Trouble:
    """Why a repository did not answer."""

    cause: str
    error: str


@dataclass(frozen=True)
class Inventory:
    """One repository."""

    repository: str
    asked: float | None = None
    """When it was last asked."""
    answered: float | None = None
    """When it last said all of this; None: never."""
    base_backups: tuple[BaseBackup, ...] = ()
    dumps: tuple[Dump, ...] = ()
    trouble: Trouble | None = None
    """What the newest question met; None: an answer."""


def dump_of(manifest: dict[str, Any]) -> Dump:
    """A dump by its manifest; one that cannot be read has its label and nothing else."""
    label = str(manifest["label"])
    try:
        start = float(manifest["start"])
        taken = [entry.get("snapshotTime") for entry in manifest.get("databases", [])]
        return Dump(
            label=label,
            start=start,
            stop=float(manifest["stop"]),
            bytes=int(manifest["bytes"]),
            instant=min((moment for moment in taken if moment is not None), default=start),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Dump(label)


@dataclass(frozen=True)
class Questions:
    """How a repository is asked. Each raises when it cannot be."""

    base_backups: Callable[[], list[BaseBackup]]
    manifests: Callable[[], list[dict[str, Any]]]


def ask(repository: str, questions: Questions, known: Inventory) -> Inventory:
    """Asks both questions; what one does not answer stays as it was `known`.

    Catches everything: one repository's trouble, of whatever kind, is never the other's.
    """
    trouble: Trouble | None = None
    taken, dumps = known.base_backups, known.dumps
    try:
        taken = tuple(questions.base_backups())
    except Exception as error:
        trouble = trouble_of(error)
    try:
        dumps = tuple(dump_of(manifest) for manifest in questions.manifests())
    except Exception as error:
        trouble = trouble or trouble_of(error)
    now = time.time()
    answered = now if trouble is None else known.answered
    return Inventory(repository, now, answered, taken, dumps, trouble)


def ask_within(
    seconds: float, repository: str, questions: Questions, known: Inventory
) -> Callable[[], Inventory]:
    """Begins to ask; the result waits for the answer until `seconds` from now, and no longer."""
    found: list[Inventory] = []
    thread = threading.Thread(
        target=lambda: found.append(ask(repository, questions, known)), daemon=True
    )
    thread.start()
    deadline = time.monotonic() + seconds

    def answer() -> Inventory:
        thread.join(max(0.0, deadline - time.monotonic()))
        silent = Trouble(UNREACHABLE, f"no answer within {seconds:.0f} s")
        return found[0] if found else replace(known, asked=time.time(), trouble=silent)

    return answer


def trouble_of(error: Exception) -> Trouble:
    """A RepositoryFault names its cause; anything else is `other`."""
    text = " ".join(str(error).split()) or type(error).__name__
    return Trouble(str(getattr(error, "cause", "") or OTHER), text)


def load(folder: Path, repository: str) -> Inventory:
    """What was known last; nothing when nothing was."""
    try:
        body = json.loads(_file(folder, repository).read_text())
        trouble = body["trouble"]
        return Inventory(
            repository,
            body["asked"],
            body["answered"],
            tuple(BaseBackup(**item) for item in body["base_backups"]),
            tuple(Dump(**item) for item in body["dumps"]),
            None if trouble is None else Trouble(**trouble),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Inventory(repository)


def save(folder: Path, inventory: Inventory) -> None:
    """Leaves it for the others. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _file(folder, inventory.repository)
    # Two threads or processes may save at once: each its own, the last one stays.
    partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    partial.write_text(json.dumps(asdict(inventory)))
    partial.replace(file)


def _file(folder: Path, repository: str) -> Path:
    return folder / f"{repository}.json"
