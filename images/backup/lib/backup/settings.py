"""backup.json: the live file that says what is backed up, from where, when, and what is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SettingsError

Body = dict[str, Any]


@dataclass(frozen=True)
class Objectives:
    """What was promised, in seconds."""

    recovery_point_seconds: int
    recovery_time_seconds: int
    archive_timeout_seconds: int
    """PostgreSQL closes a segment at least this often."""


@dataclass(frozen=True)
class Cloud:
    """The S3 repository. Its keys and cipher pass are secrets of their own, not here."""

    endpoint: str
    """URL, e.g. `https://10.88.65.70:7070`."""
    region: str
    bucket: str
    path: str
    """This stack's part of the bucket, `/<prefix>/<stackId>`."""
    path_style: bool
    """The bucket is part of the path, not of the host name."""
    ca_file: str | None
    """Authority of the endpoint's certificate; None: those the system knows."""
    keep_dumps: int
    """Dumps kept there, newest first."""


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
    """Cron line (UTC) of full and differential base backups."""
    incremental: str
    """Cron line (UTC) of the incremental ones between them."""
    logical: str
    """Cron line (UTC) of dumps."""
    drill: str
    """Cron line (UTC) of restore drills."""
    full_every_days: int
    """A base backup is full when the newest full one is at least this old, else differential."""
    keep_dumps: int
    """Dumps kept on the volume, newest first."""
    tables: tuple[str, ...]
    """Tables that have a dump of their own beside the whole database's; may be none."""
    seed_max_age_seconds: int
    """A node is seeded from a base backup only when that is younger."""
    archive_queue_segments: int
    """Segments that may wait on a node for the repository; beyond, pgBackRest drops WAL."""
    objectives: Objectives
    cloud: Cloud | None

    @property
    def repositories(self) -> tuple[str, ...]:
        """`local`, and `cloud` where there is one."""
        return ("local",) if self.cloud is None else ("local", "cloud")


def parse(text: str) -> Settings:
    """Reads backup.json; raises SettingsError naming the key at fault."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"backup.json is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise SettingsError("backup.json is not a JSON object")
    schedule = _object(body, "schedule")
    objectives = _object(body, "objectives")
    return Settings(
        stanza=_text(body, "stanza"),
        nodes=_texts(body, "nodes"),
        databases=_texts(body, "databases"),
        data_directory=_text(body, "dataDirectory"),
        physical=_text(schedule, "physical"),
        incremental=_text(schedule, "incremental"),
        logical=_text(schedule, "logical"),
        drill=_text(schedule, "drill"),
        full_every_days=_count(body, "fullEveryDays"),
        keep_dumps=_count(body, "keepDumps"),
        tables=_texts(body, "tables", may_be_empty=True),
        seed_max_age_seconds=_count(body, "seedMaxAgeSeconds"),
        archive_queue_segments=_count(body, "queueLimitSegments"),
        objectives=Objectives(
            recovery_point_seconds=_count(objectives, "recoveryPointSeconds"),
            recovery_time_seconds=_count(objectives, "recoveryTimeSeconds"),
            archive_timeout_seconds=_count(objectives, "archiveTimeoutSeconds"),
        ),
        cloud=_cloud(body),
    )


def load(path: Path) -> Settings:
    """Reads the file at `path`; a missing file is a SettingsError too."""
    try:
        return parse(path.read_text())
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error


def _cloud(body: Body) -> Cloud | None:
    if body.get("cloud") is None:
        return None
    cloud = _object(body, "cloud")
    path, endpoint = _text(cloud, "path"), _text(cloud, "endpoint")
    if not path.startswith("/"):
        raise SettingsError("backup.json: cloud.path must begin with /")
    if not endpoint.startswith(("https://", "http://")):
        raise SettingsError("backup.json: cloud.endpoint must be a URL")
    path_style = cloud.get("pathStyle")
    if not isinstance(path_style, bool):
        raise SettingsError("backup.json: pathStyle must be true or false")
    return Cloud(
        endpoint=endpoint,
        region=_text(cloud, "region"),
        bucket=_text(cloud, "bucket"),
        path=path,
        path_style=path_style,
        ca_file=None if cloud.get("caFile") is None else _text(cloud, "caFile"),
        keep_dumps=_count(cloud, "keepDumps"),
    )


def _object(body: Body, key: str) -> Body:
    value = body.get(key)
    if not isinstance(value, dict):
        raise SettingsError(f"backup.json: {key} must be an object")
    return value


def _text(body: Body, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"backup.json: {key} must be a non-empty string")
    return value


def _texts(body: Body, key: str, may_be_empty: bool = False) -> tuple[str, ...]:
    value = body.get(key)
    empty_is_wrong = not value and not may_be_empty
    if not isinstance(value, list) or empty_is_wrong or not all(isinstance(v, str) for v in value):
        kind = "a list" if may_be_empty else "a non-empty list"
        raise SettingsError(f"backup.json: {key} must be {kind} of strings")
    return tuple(value)


def _count(body: Body, key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError(f"backup.json: {key} must be a whole number of at least 1")
    return value
