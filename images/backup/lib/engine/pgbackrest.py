"""The engine by pgBackRest's command line (pgbackrest_runs.py)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from archive.folder import Folder
from backup import cluster, paths, sums
from backup.errors import BackupError, RepositoryFault, another_cluster
from backup.process import ProgramFailed
from backup.settings import Settings

from . import control, pgbackrest_verify
from .pgbackrest_answers import archived, base_backups, catalog, info_fault, needed
from .pgbackrest_faults import cause_of, essence
from .pgbackrest_runs import Runs
from .pgbackrest_target import target_options
from .types import LOCAL, Archived, BackupKind, BaseBackup, Catalog, Fault, Target

# pgBackRest's own words when the repository belongs to another cluster than the one that runs.
MISMATCH = "do not match the database"


class PgBackRest(Runs):
    """The Engine; see types.py for what each method promises."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._folder = Folder(paths.REPOSITORY / "archive" / settings.stanza)
        self._folder_lock = threading.Lock()
        self._systems: dict[tuple[str, str], int] = {}

    def repositories(self) -> tuple[str, ...]:
        return self._settings.repositories

    def prepare(self, repository: str) -> None:
        members = cluster.members(self._settings.nodes)
        self._reach(repository)
        try:
            self._with_nodes(repository, members, "stanza-create")
        except RepositoryFault as error:
            if MISMATCH not in str(error):
                raise
            raise another_cluster(repository) from error
        self._with_nodes(repository, members, "check")

    def accept_new_cluster(self, repository: str) -> None:
        self._systems.clear()
        members = cluster.members(self._settings.nodes)
        self._reach(repository)
        self._with_nodes(repository, members, "stanza-upgrade")

    def back_up(self, repository: str, kind: BackupKind) -> BaseBackup:
        members = cluster.members(self._settings.nodes)
        self._reach(repository)
        self._with_nodes(repository, members, f"--type={kind}", "backup")
        taken = self.base_backups(repository)
        if not taken:
            raise BackupError("pgBackRest reported success, and the repository lists no backup")
        return max(taken, key=lambda item: item.stop)

    def base_backups(self, repository: str) -> list[BaseBackup]:
        return base_backups(repository, self._info(repository))

    def catalog(self, repository: str) -> Catalog:
        return catalog(repository, self._info(repository))

    def archived(self, repository: str) -> list[Archived]:
        if repository == LOCAL:
            # Asked every second, beside the pushes of the nodes: no process, only what changed.
            with self._folder_lock:
                return self._folder.files()
        self._reach(repository)
        path = f"archive/{self._stanza(repository)}"
        listing = self._short(repository, "--recurse", "--output=json", "repo-ls", path)
        return archived(listing)

    def fetch(self, repository: str, archive: str, name: str, target: Path) -> None:
        """As the interface says; raises BackupError when the archive has no such file."""
        self._reach(repository)
        folder = paths.PGBACKREST / "control" / repository / archive
        control.write(folder, self._system(repository, archive))
        partial = target.with_name(target.name + ".partial")
        # One file is wanted, and no others ahead of it.
        wanted = [f"--pg1-path={folder}", "--no-archive-async", "archive-get", name, str(partial)]
        try:
            self._short(repository, *wanted)
        except RepositoryFault as error:
            # Exit code 1 without a word: "not there", as PostgreSQL's restore_command has it.
            if isinstance(error.__cause__, ProgramFailed) and not error.__cause__.lines:
                raise BackupError(f"repository {repository} has no {archive}/{name}") from error
            raise
        if not partial.exists():
            raise BackupError(f"repository {repository} has no {archive}/{name}")
        partial.replace(target)

    def push(self, repository: str, source: Path) -> None:
        self._reach(repository)
        self._short(repository, "archive-push", str(source.resolve()))

    def restore(
        self, repository: str, folder: Path, target: Target, label: str | None = None
    ) -> None:
        self._reach(repository)
        options = [f"--pg1-path={folder}", *target_options(target), "--archive-mode=off"]
        # Tablespaces lie beside the copy, not where the original's are.
        options.append(f"--tablespace-map-all={folder}.tablespaces")
        if label is not None:
            options.append(f"--set={label}")
        self._long(repository, *options, "restore")

    def fetch_command(self, repository: str) -> str:
        # PostgreSQL runs it by a shell in its data directory, which pgBackRest wants in full.
        return " ".join([*self._command(repository), '--pg1-path="$PWD"', 'archive-get %f "%p"'])

    def verify(self, repository: str, label: str | None = None) -> list[Fault]:
        self._reach(repository)
        taken = self.base_backups(repository)
        known = {item.label: item for item in taken}
        if label is not None and label not in known:
            raise BackupError(f"repository {repository} has no base backup {label}")
        chosen = [label] if label is not None else list(known)
        options = ["--output=text", "--verbose", *([f"--set={label}"] if label else [])]
        output = self._long(repository, *options, "verify", quiet=True)
        self._check_answered(repository, output)
        found = pgbackrest_verify.faults(output, chosen)
        stored = {(file.archive, file.name) for file in self.archived(repository)}
        for item in (known[name] for name in chosen):
            missing = [name for name in needed(item) if (item.archive, name) not in stored]
            found += [Fault(name, f"is missing: {item.label} needs it") for name in missing]
        if repository == LOCAL:
            for name in chosen:
                found += _sum_faults(name)
        return found

    def _check_answered(self, repository: str, output: str) -> None:
        """What could not be read is not damaged: raises the fault that kept it from being read."""
        lines = pgbackrest_verify.unread(output)
        cause = cause_of(lines) if lines else "damaged"
        if cause not in ("damaged", "stanza", "other"):
            raise RepositoryFault(repository, cause, essence(lines))
        # A bucket that went away in the meantime reads as files that are missing.
        self._info(repository)

    def expire(self, repository: str, label: str | None = None) -> None:
        self._reach(repository)
        self._long(repository, *([f"--set={label}"] if label else []), "expire")

    def probe(self, repository: str) -> None:
        """Raises RepositoryFault when the repository cannot be read at all, with the cause."""
        self._reach(repository)
        self._short(repository, "--output=json", "repo-ls")

    def _info(self, repository: str) -> dict[str, Any]:
        self._reach(repository)
        output = self._short(repository, "--output=json", "info")
        body, fault = info_fault(repository, output)
        if fault is not None:
            raise fault
        return body

    def _system(self, repository: str, archive: str) -> int:
        """The system identifier of the cluster that an archive id stands for."""
        key = (repository, archive)
        if key not in self._systems:
            for entry in self._info(repository).get("db", []):
                name = f"{entry['version']}-{entry['id']}"
                self._systems[(repository, name)] = int(entry["system-id"])
        if key not in self._systems:
            raise BackupError(f"repository {repository} has no archive {archive}")
        return self._systems[key]


def _sum_faults(label: str) -> list[Fault]:
    if not (paths.SUMS / label).is_dir():
        return [Fault(f"sums/{label}", "there are no checksums of this backup")]
    checked = sums.check(paths.SUMS / label, paths.REPOSITORY)
    return [Fault(fault.file, fault.problem) for fault in checked]
