"""Reads pgBackRest's JSON: `info` and `repo-ls`. Pure."""

from __future__ import annotations

import json
from typing import Any

from archive import names
from archive.folder import stored_name
from backup.errors import BackupError, RepositoryFault

from .pgbackrest_faults import cause_of, essence
from .types import Archived, BaseBackup, Catalog

# Status codes of a repository in `info`: no stanza there, and a stanza without a backup yet.
NO_STANZA = (1, 3)
USABLE = (0, 2)


def info_fault(repository: str, text: str) -> tuple[dict[str, Any], RepositoryFault | None]:
    """The stanza's part of an `info` answer, and what is wrong with the repository, if anything.

    pgBackRest's exit code is 0 even when it could read nothing.
    """
    stanzas = _json(text)
    body: dict[str, Any] = stanzas[0] if stanzas else {}
    status = next((entry["status"] for entry in body.get("repo", [])), {"code": 1})
    if status["code"] in USABLE:
        return body, None
    if status["code"] in NO_STANZA:
        message = "there is no stanza yet"
        return body, RepositoryFault(repository, "stanza", message)
    lines = str(status.get("message", "")).splitlines()
    return body, RepositoryFault(repository, cause_of(lines), essence(lines))


def base_backups(repository: str, body: dict[str, Any]) -> list[BaseBackup]:
    """The base backups in an info answer, oldest first."""
    versions = {entry["id"]: str(entry["version"]) for entry in body.get("db", [])}
    return [
        BaseBackup(
            repository=repository,
            label=item["label"],
            kind=item["type"],
            start=float(item["timestamp"]["start"]),
            stop=float(item["timestamp"]["stop"]),
            bytes=int(item["info"]["repository"]["delta"]),
            database_bytes=int(item["info"]["size"]),
            damaged=bool(item.get("error")),
            lsn_start=item["lsn"]["start"],
            lsn_stop=item["lsn"]["stop"],
            wal_start=item["archive"]["start"],
            wal_stop=item["archive"]["stop"],
            archive=f"{versions.get(item['database']['id'], '')}-{item['database']['id']}",
            version=item["backrest"]["version"],
            postgres=versions.get(item["database"]["id"], ""),
            prior=item.get("prior"),
        )
        for item in body.get("backup", [])
    ]


def catalog(repository: str, body: dict[str, Any]) -> Catalog:
    """An info answer's base backups, and the newest cluster in it: the one that may archive."""
    backups = base_backups(repository, body)
    newest = max(body.get("db", []), key=lambda entry: int(entry["id"]), default=None)
    if newest is None:
        return Catalog(backups, "", None)
    return Catalog(backups, f"{newest['version']}-{newest['id']}", int(newest["system-id"]))


def archived(text: str) -> list[Archived]:
    """The archive's files in a recursive listing of `archive/<stanza>`."""
    found: list[Archived] = []
    for path, entry in _json(text).items():
        archive, _, rest = path.partition("/")
        name = stored_name(rest.rpartition("/")[2]) if rest else None
        if name is not None and entry["type"] == "file":
            found.append(Archived(archive, name, int(entry["size"]), float(entry["time"])))
    return sorted(found, key=lambda file: (file.archive, file.name))


def needed(backup: BaseBackup) -> list[str]:
    """Names of the segments without which this backup cannot become consistent."""
    first, last = names.segment(backup.wal_start), names.segment(backup.wal_stop)
    if first is None or last is None or first.timeline != last.timeline:
        return [backup.wal_start, backup.wal_stop]
    span = range(first.number, last.number + 1)
    return [names.segment_name(names.Segment(first.timeline, number)) for number in span]


def _json(text: str) -> Any:
    # A warning may stand before the answer, on the same output.
    start = min((at for at in (text.find("["), text.find("{")) if at >= 0), default=-1)
    for candidate in (text, text[start:] if start >= 0 else ""):
        try:
            # Not strict: with a wrong cipher pass, a message quotes bytes as they are.
            return json.loads(candidate, strict=False)
        except ValueError:
            continue
    raise BackupError(f"pgbackrest gave no answer that can be read: {text[:200]!r}")
