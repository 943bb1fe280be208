"""What exists, as the contract's `backups` rows."""

from __future__ import annotations

import calendar
import json
import time
from pathlib import Path
from typing import Any

from . import paths, pgbackrest, retention, sums
from .settings import Settings

Row = dict[str, Any]


def rows(settings: Settings) -> list[Row]:
    """Every base backup and dump, oldest first."""
    taken = pgbackrest.base_backups(pgbackrest.info(settings))
    pushed = {item.archive: pgbackrest.last_push(settings.stanza, item.archive) for item in taken}
    listed = [_base_backup(item, pushed[item.archive]) for item in taken] + dumps(paths.DUMPS)
    return sorted(listed, key=lambda row: str(row["start"]))


def _base_backup(item: pgbackrest.BaseBackup, pushed: float | None) -> Row:
    return {
        "repository": pgbackrest.REPOSITORY_NAME,
        "kind": item.kind,
        "label": item.label,
        "start": iso(item.start),
        "stop": iso(item.stop),
        "bytes": item.bytes,
        "provenAt": None,
        # From the moment the copy is consistent, up to the newest WAL that arrived since.
        "recoverableFrom": iso(item.stop),
        "recoverableTo": iso(max(item.stop, pushed or 0)),
    }


def dumps(folder: Path) -> list[Row]:
    """The complete dumps in `folder`. A dump restores to one instant: its snapshot's."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return [_dump(folder / name) for name in sorted(names) if retention.LABEL.match(name)]


def _dump(folder: Path) -> Row:
    row: Row = {
        "repository": pgbackrest.REPOSITORY_NAME,
        "kind": "logical",
        "label": folder.name,
        "start": label_time(folder.name),
        "stop": None,
        "bytes": None,
        "provenAt": None,
        "recoverableFrom": None,
        "recoverableTo": None,
    }
    try:
        manifest = json.loads((folder / sums.MANIFEST_FILE).read_text())
        instant = iso(min(_snapshot_times(manifest), default=manifest["start"]))
        found = {"start": iso(manifest["start"]), "stop": iso(manifest["stop"])}
        return {
            **row,
            **found,
            "bytes": manifest["bytes"],
            "recoverableFrom": instant,
            "recoverableTo": instant,
        }
    except (OSError, ValueError, KeyError, TypeError):
        # It must stay visible: a dump nobody can read is a fault to see, not one to hide.
        return row


def _snapshot_times(manifest: dict[str, Any]) -> list[float]:
    times = [database.get("snapshotTime") for database in manifest.get("databases", [])]
    return [moment for moment in times if moment is not None]


def label_time(label: str) -> str:
    """The instant a dump's label names, in ISO 8601."""
    return iso(float(calendar.timegm(time.strptime(label, "%Y%m%dT%H%M%SZ"))))


def iso(seconds: float) -> str:
    """UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def table(listed: list[Row]) -> str:
    """The rows as an aligned table for people."""
    head = ("REPOSITORY", "KIND", "LABEL", "STOP", "SIZE", "RECOVERABLE")
    body = [
        (
            row["repository"],
            row["kind"],
            row["label"],
            row["stop"] or "unreadable",
            size(row["bytes"]),
            f"{row['recoverableFrom']} … {row['recoverableTo']}"
            if row["recoverableFrom"] != row["recoverableTo"]
            else row["recoverableFrom"] or "-",
        )
        for row in listed
    ]
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
    return "\n".join(_aligned(line, widths) for line in [head, *body])


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
    return "  ".join(cells).rstrip()


def size(count: int | None) -> str:
    """Bytes for people: 2.7 MiB."""
    if count is None:
        return "-"
    value, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"
