"""The engine by pgBackRest's command line.

Reading and writing of the archive goes on beside everything else, every second: those commands are
short, silent, and bounded by tens of seconds. Runs may last hours; a server that stops answering
ends them within minutes.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from archive.folder import Folder
from backup import cluster, paths, sums
from backup.errors import BackupError, NotReady, RepositoryFault, another_cluster
from backup.process import ProgramFailed, run
from backup.settings import Settings
from objects import reach
from objects.silence import Silence

from . import control, pgbackrest_config, pgbackrest_verify
from .pgbackrest_answers import archived, base_backups, catalog, info_fault, needed
from .pgbackrest_faults import cause_of, essence
from .pgbackrest_target import target_options
from .types import CLOUD, LOCAL, Archived, BackupKind, BaseBackup, Catalog, Fault, Target

# One segment, one listing: what takes longer hangs.
SHORT_SECONDS = 60.0
SHORT_IO = "--io-timeout=5"
# pgBackRest ends by itself when nothing moves any more; this is for what we did not foresee.
LONG_SECONDS = 12 * 3600.0
QUIET = "--log-level-console=warn"
# pgBackRest's own words when the repository belongs to another cluster than the one that runs.
MISMATCH = "do not match the database"


class PgBackRest:
    """The Engine; see types.py for what each method promises."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
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

    def _reach(self, repository: str) -> None:
        if repository == CLOUD and self._settings.cloud is not None:
            reach.check(self._settings.cloud)

    def _stanza(self, repository: str) -> str:
        if repository == pgbackrest_config.SOURCE:
            return pgbackrest_config.stanza_of(pgbackrest_config.path_of(repository))
        return self._settings.stanza

    def _command(self, repository: str) -> list[str]:
        if repository == pgbackrest_config.SOURCE:
            path = pgbackrest_config.path_of(repository)
            if not path.exists():
                raise BackupError("there is no source repository: holdfast-backup --source")
        elif repository in self._settings.repositories:
            path = pgbackrest_config.write(repository, self._settings.stanza)
        else:
            raise BackupError(f"there is no repository {repository}")
        return ["pgbackrest", f"--config={path}", f"--stanza={self._stanza(repository)}"]

    def _short(self, repository: str, *arguments: str) -> str:
        io = [SHORT_IO] if repository != LOCAL else []
        command = [*self._command(repository), QUIET, *io, *arguments]
        return self._run(repository, command, SHORT_SECONDS, quiet=True)

    def _long(self, repository: str, *arguments: str, quiet: bool = False) -> str:
        command = [*self._command(repository), *arguments]
        return self._run(repository, command, LONG_SECONDS, quiet)

    def _with_nodes(self, repository: str, members: list[cluster.Member], *command: str) -> None:
        settings = self._settings
        path = pgbackrest_config.write_nodes(
            repository, settings.stanza, members, settings.data_directory
        )
        full = ["pgbackrest", f"--config={path}", f"--stanza={settings.stanza}", *command]
        try:
            self._run(repository, full, LONG_SECONDS)
        except RepositoryFault as error:
            lines = getattr(error.__cause__, "lines", [])
            if _is_about_nodes(lines, members) or _is_locked(lines):
                raise NotReady(essence(lines)) from error
            raise

    def _run(self, repository: str, command: list[str], seconds: float, quiet: bool = False) -> str:
        cloud = self._settings.cloud if repository == CLOUD and seconds > SHORT_SECONDS else None
        watch = Silence(cloud) if cloud is not None else None
        try:
            return run(command, timeout_seconds=seconds, quiet=quiet, watch=watch)
        except ProgramFailed as error:
            fault = RepositoryFault(repository, cause_of(error.lines), essence(error.lines))
            fault.__cause__ = error
            raise self._precise(fault) from error

    def _precise(self, fault: RepositoryFault) -> RepositoryFault:
        """A missing stanza may be a missing bucket, refused credentials a wrong clock.

        pgBackRest takes every 404 for a missing file, and the refusal of a HEAD gives no reason; a
        listing is refused in the server's own words.
        """
        if fault.repository == LOCAL or fault.cause not in ("stanza", "other", "credentials"):
            return fault
        command = [*self._command(fault.repository), QUIET, SHORT_IO, "--output=json", "info"]
        try:
            listed = run(command, timeout_seconds=SHORT_SECONDS, quiet=True)
            _, found = info_fault(fault.repository, listed)
        except BackupError:
            return fault
        if found is None or found.cause in ("stanza", "other", fault.cause):
            return fault
        found.__cause__ = fault.__cause__
        return found


def _is_about_nodes(lines: list[str], members: list[cluster.Member]) -> bool:
    text = "\n".join(lines)
    return "unable to find primary cluster" in text or any(
        f"'{member.host}:" in text or f"on '{member.host}'" in text for member in members
    )


def _is_locked(lines: list[str]) -> bool:
    """Whether another pgBackRest is at it, such as a node's push that waits for us."""
    return any("ERROR: [050]" in line or "LockAcquireError" in line for line in lines)


def _sum_faults(label: str) -> list[Fault]:
    if not (paths.SUMS / label).is_dir():
        return [Fault(f"sums/{label}", "there are no checksums of this backup")]
    checked = sums.check(paths.SUMS / label, paths.REPOSITORY)
    return [Fault(fault.file, fault.problem) for fault in checked]
