"""Dumps where they lie: in the local repository's folder or, sealed, in the cloud; and records."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from backup import paths, retention, sums, uploads
from backup.errors import BackupError
from backup.settings import Settings
from engine.types import LOCAL
from objects import open_store

from . import record, times
from .checks import NothingToRestore, Refused

RECORDS = "records/"


def newest(settings: Settings, repository: str, until: float | None = None) -> str:
    """Label of the newest complete dump; with `until`, of what was so at or before that time."""
    if until is None:
        labels = _local_labels() if repository == LOCAL else uploads.labels(open_store(settings))
        if not labels:
            raise NothingToRestore(f"there is no dump in {repository}")
        return max(labels)
    local = repository == LOCAL
    found = (
        [_manifest(label) for label in _local_labels()] if local else uploads.manifests(settings)
    )
    # A manifest nobody can read tells no time: the newest dump is looked at without one, above.
    known = {manifest["label"]: at for manifest in found if (at := as_of(manifest)) is not None}
    fitting = [label for label, at in known.items() if at <= until]
    if not fitting:
        if not known:
            raise NothingToRestore(f"there is no dump in {repository}")
        first = times.iso(min(known.values()))
        raise Refused(f"no dump in {repository} is so old: the oldest is of {first}")
    return str(max(fitting))


def fetch(settings: Settings, repository: str, label: str, folder: Path) -> Path:
    """A dump's folder with every file as it was written: sha256 sums compared, seals opened.

    The local one is used where it lies; the cloud's is written into `folder`. Raises BackupError
    naming the first file that is wrong.
    """
    if repository != LOCAL:
        folder.mkdir(parents=True, exist_ok=True)
        uploads.fetch(open_store(settings), label, folder)
        return folder
    here = paths.DUMPS / label
    wrong = sums.check(here, here)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise BackupError(f"dump {label}: {wrong[0].file} {wrong[0].problem}{more}")
    return here


def manifest(folder: Path) -> dict[str, Any]:
    """What the dump says of itself; raises BackupError when it cannot be read."""
    try:
        body = json.loads((folder / sums.MANIFEST_FILE).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder.name}/{sums.MANIFEST_FILE} cannot be read: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get("databases"), list):
        raise BackupError(f"{folder.name}/{sums.MANIFEST_FILE} lists no databases")
    return body


def as_of(body: dict[str, Any]) -> float | None:
    """The instant that a dump holds: its youngest snapshot's. None when nothing tells."""
    try:
        moments = [part.get("snapshotTime") for part in body["databases"]]
        known = [float(moment) for moment in moments if moment is not None]
        return max(known) if known else float(body["start"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def upload_records(settings: Settings, folder: Path) -> None:
    """Copies the records that the cloud lacks, and removes there those that are too old."""
    store = open_store(settings)
    present = {Path(item.name).name for item in store.list(RECORDS)}
    for old in record.expired(list(present), time.time()):
        store.remove(RECORDS + old)
    for path in sorted(folder.iterdir()):
        if path.suffix in record.SUFFIXES and path.name not in present:
            with path.open("rb") as file:
                store.put(RECORDS + path.name, file)


def _local_labels() -> list[str]:
    if not paths.DUMPS.is_dir():
        return []
    return sorted(path.name for path in paths.DUMPS.iterdir() if retention.LABEL.match(path.name))


def _manifest(label: str) -> dict[str, Any]:
    try:
        return {**manifest(paths.DUMPS / label), "label": label}
    except BackupError:
        return {"label": label}
