"""What the rest of the code knows of a backup engine: archive, base backup, restore, list, verify.

pgBackRest (pgbackrest.py) is the one implementation. Another has to offer the same and nothing else
here changes. Each call works on one repository by its name, so that one that is away harms no other.
All raise BackupError; a repository's own trouble is RepositoryFault, which names the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

LOCAL = "local"
CLOUD = "cloud"

BackupKind = Literal["full", "diff", "incr"]


@dataclass(frozen=True)
class BaseBackup:
    """One base backup in a repository. Times are seconds since the epoch."""

    repository: str
    label: str
    kind: str
    start: float
    stop: float
    bytes: int
    """What this backup added to the repository, compressed."""
    database_bytes: int
    """What it restores to."""
    damaged: bool
    """PostgreSQL page checksums were wrong in it."""
    lsn_start: str
    lsn_stop: str
    wal_start: str
    wal_stop: str
    archive: str
    """Id of the cluster backed up, e.g. `17-1`: names its part of the archive."""
    version: str
    postgres: str
    prior: str | None = None
    """Label of the backup that this one builds on; None for a full one."""


@dataclass(frozen=True)
class Archived:
    """One file of the archive: a segment (24 hex digits), `.partial`, `.history` or `.backup`."""

    archive: str
    name: str
    bytes: int
    modified: float


@dataclass(frozen=True)
class Fault:
    """Something in a repository that is not what was stored."""

    file: str
    problem: str


@dataclass(frozen=True)
class Target:
    """How far to recover. `value`: ISO time for `time`, `0/3000148` for `lsn`, else empty."""

    kind: Literal["latest", "time", "lsn", "immediate"]
    value: str = ""
    action: Literal["pause", "promote", "shutdown"] = "promote"
    timeline: str = "latest"


@dataclass(frozen=True)
class Catalog:
    """What a repository says of itself in one answer."""

    backups: list[BaseBackup]
    """Oldest first."""
    archive: str
    """Id of the cluster that the repository takes WAL from now, e.g. `17-1`; empty for none.

    Two repositories may number the same cluster differently.
    """
    system: int | None
    """That cluster's system identifier; None for none."""


class Engine(Protocol):
    """A backup engine."""

    def repositories(self) -> tuple[str, ...]:
        """Names of the configured repositories, the nearest first."""

    def prepare(self, repository: str) -> None:
        """Makes the repository ready for this cluster and proves that WAL arrives. Repeatable."""

    def accept_new_cluster(self, repository: str) -> None:
        """Continues the repository with the cluster that runs now; older backups stay."""

    def back_up(self, repository: str, kind: BackupKind) -> BaseBackup:
        """Takes a base backup of the running cluster, from a replica where one streams."""

    def base_backups(self, repository: str) -> list[BaseBackup]:
        """What the repository lists, oldest first. Raises RepositoryFault when it cannot be read."""

    def catalog(self, repository: str) -> Catalog:
        """The base backups and whose they are, by one question. Raises as base_backups does."""

    def archived(self, repository: str) -> list[Archived]:
        """Every file of the archive, by archive id and name."""

    def fetch(self, repository: str, archive: str, name: str, target: Path) -> None:
        """Gets one file of the archive, unpacked, into the file `target`."""

    def push(self, repository: str, source: Path) -> None:
        """Puts one WAL file, whose name is the archive's, into the repository. Repeatable."""

    def restore(
        self, repository: str, folder: Path, target: Target, label: str | None = None
    ) -> None:
        """Restores a base backup into `folder` with what PostgreSQL needs to recover to `target`.

        `label`: a certain one; by default the newest that the target allows.
        """

    def fetch_command(self, repository: str) -> str:
        """PostgreSQL's restore_command for this repository."""

    def verify(self, repository: str, label: str | None = None) -> list[Fault]:
        """Reads a backup (all, by default) and the WAL it needs, and compares the checksums."""

    def expire(self, repository: str, label: str | None = None) -> None:
        """Removes what retention no longer keeps; `label`: this backup and those that need it."""
