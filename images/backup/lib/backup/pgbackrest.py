"""pgBackRest's command line, as used here: the one implementation of a physical backup."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import paths
from .cluster import Member
from .errors import BackupError
from .process import run
from .settings import Settings

SERVER_PORT = 8432
# The nodes' own configuration: pgBackRest's remote half there must not read this host's path.
NODE_CONFIG = "/etc/holdfast/pgbackrest.conf"
REPOSITORY_NAME = "local"
INFO_SECONDS = 60
# pgBackRest's own words when the repository belongs to another cluster than the one that runs.
MISMATCH = "do not match the database"


@dataclass(frozen=True)
class BaseBackup:
    """One base backup in the repository. Times are seconds since the epoch."""

    label: str
    kind: str
    start: float
    stop: float
    bytes: int
    """What this backup added to the repository, compressed."""
    damaged: bool
    """PostgreSQL page checksums were wrong in it."""
    lsn_start: str
    lsn_stop: str
    wal_start: str
    wal_stop: str
    archive: str
    """pgBackRest's id of the cluster backed up, `<version>-<number>`: names its WAL folder."""
    version: str
    postgres: str


def nodes_config(settings: Settings, members: list[Member]) -> str:
    """The stanza section: one pgN entry per member that runs, in Patroni's order."""
    lines = [f"[{settings.stanza}]"]
    for number, member in enumerate(members, start=1):
        entry = {
            "host": member.host,
            "host-type": "tls",
            "host-port": str(SERVER_PORT),
            "host-config": NODE_CONFIG,
            "host-ca-file": str(paths.CA_CERTIFICATE),
            "host-cert-file": str(paths.CERTIFICATE),
            "host-key-file": str(paths.KEY),
            "path": settings.data_directory,
            "port": str(member.port),
            "socket-path": "/run/postgresql",
            "user": "postgres",
        }
        lines += [f"pg{number}-{key}={value}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


def write_nodes(settings: Settings, members: list[Member]) -> None:
    """Puts the stanza section where every later command reads it."""
    paths.INCLUDES.mkdir(parents=True, exist_ok=True)
    (paths.INCLUDES / "nodes.conf").write_text(nodes_config(settings, members))


def command(settings: Settings, *arguments: str) -> list[str]:
    """The full command line of one pgBackRest command."""
    return [
        "pgbackrest",
        f"--config={paths.PGBACKREST_CONFIG}",
        f"--config-include-path={paths.INCLUDES}",
        f"--stanza={settings.stanza}",
        *arguments,
    ]


def prepare(settings: Settings) -> None:
    """Creates the stanza, or finds it right; then proves that WAL arrives. Harmless to repeat."""
    try:
        run(command(settings, "stanza-create"))
    except BackupError as error:
        if MISMATCH not in str(error):
            raise
        raise BackupError(
            "the repository holds backups of another cluster than the one that runs. If that "
            "cluster is meant to take its place, type: holdfast-backup --accept-new-cluster"
        ) from error
    run(command(settings, "check"))


def accept_new_cluster(settings: Settings) -> None:
    """Continues the repository with the cluster that runs now; the older backups stay."""
    run(command(settings, "stanza-upgrade"))


def backup(settings: Settings, kind: str) -> BaseBackup:
    """Takes a base backup and returns it as the repository lists it."""
    run(command(settings, f"--type={kind}", "backup"))
    taken = base_backups(info(settings))
    if not taken:
        raise BackupError("pgBackRest reported success, and the repository lists no backup")
    return max(taken, key=lambda item: item.stop)


def info(settings: Settings) -> dict[str, Any]:
    """The stanza's part of `pgbackrest info`; empty when there is no stanza yet."""
    try:
        answer = subprocess.run(
            command(settings, "--log-level-console=off", "--output=json", "info"),
            capture_output=True,
            text=True,
            timeout=INFO_SECONDS,
            check=False,
        )
        stanzas = json.loads(answer.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise BackupError(f"pgbackrest info gave no answer: {error}") from error
    return stanzas[0] if stanzas else {}


def base_backups(body: dict[str, Any]) -> list[BaseBackup]:
    """The base backups in an info answer, oldest first."""
    versions = {entry["id"]: str(entry["version"]) for entry in body.get("db", [])}
    return [
        BaseBackup(
            label=item["label"],
            kind=item["type"],
            start=float(item["timestamp"]["start"]),
            stop=float(item["timestamp"]["stop"]),
            bytes=int(item["info"]["repository"]["delta"]),
            damaged=bool(item.get("error")),
            lsn_start=item["lsn"]["start"],
            lsn_stop=item["lsn"]["stop"],
            wal_start=item["archive"]["start"],
            wal_stop=item["archive"]["stop"],
            archive=f"{versions.get(item['database']['id'], '')}-{item['database']['id']}",
            version=item["backrest"]["version"],
            postgres=versions.get(item["database"]["id"], ""),
        )
        for item in body.get("backup", [])
    ]


def last_push(stanza: str, archive: str = "*", root: Path = paths.REPOSITORY) -> float | None:
    """When the newest WAL segment of a cluster (of any, by default) reached the repository."""
    times = [
        file.stat().st_mtime
        for cluster in (root / "archive" / stanza).glob(archive)
        if cluster.is_dir()
        for file in _newest_segments(cluster)
    ]
    return max(times, default=None)


def _newest_segments(cluster: Path) -> list[Path]:
    """The files of the last WAL folder: names sort by timeline, then by position."""
    folders = sorted(path for path in cluster.iterdir() if path.is_dir())
    return [file for file in folders[-1].iterdir() if file.is_file()] if folders else []
