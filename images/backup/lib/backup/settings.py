"""backup.json: the live file that says what is backed up, from where, when, and what is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """One consistent reading of backup.json."""

    stanza: str
    """pgBackRest's name for the cluster, `<stack>-<site>`."""
    nodes: tuple[str, ...]
    """Addresses of every node the site may ever have; most of them may not exist."""
    databases: tuple[str, ...]
    """Databases that pg_dump covers."""
    data_directory: str
    """PGDATA on the nodes."""
    physical: str
    """Cron line (UTC) of base backups."""
    logical: str
    """Cron line (UTC) of dumps."""
    full_every_days: int
    """A base backup is full when the newest full one is at least this old, else incremental."""
    keep_dumps: int
    """Dumps kept, newest first."""


def parse(text: str) -> Settings:
    """Reads backup.json; raises SettingsError naming the key at fault."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"backup.json is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise SettingsError("backup.json is not a JSON object")
    schedule = body.get("schedule")
    if not isinstance(schedule, dict):
        raise SettingsError("backup.json: schedule must be an object")
    return Settings(
        stanza=_text(body, "stanza"),
        nodes=_texts(body, "nodes"),
        databases=_texts(body, "databases"),
        data_directory=_text(body, "dataDirectory"),
        physical=_text(schedule, "physical"),
        logical=_text(schedule, "logical"),
        full_every_days=_count(body, "fullEveryDays"),
        keep_dumps=_count(body, "keepDumps"),
    )


def load(path: Path) -> Settings:
    """Reads the file at `path`; a missing file is a SettingsError too."""
    try:
        return parse(path.read_text())
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"backup.json: {key} must be a non-empty string")
    return value


def _texts(body: dict[str, Any], key: str) -> tuple[str, ...]:
    value = body.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise SettingsError(f"backup.json: {key} must be a non-empty list of strings")
    return tuple(value)


def _count(body: dict[str, Any], key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError(f"backup.json: {key} must be a whole number of at least 1")
    return value
