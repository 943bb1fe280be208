"""Runs pgBackRest for one repository, and makes its errors faults that have a cause.

Reading and writing of the archive goes on beside everything else, every second: those commands are
short, silent, and bounded by tens of seconds. Runs may last hours; an endpoint that stops answering
ends them within a minute.
"""

from __future__ import annotations

from backup import cluster
from backup.errors import BackupError, NotReady, RepositoryFault
from backup.process import ProgramFailed, run
from backup.settings import Settings
from objects import reach
from objects.silence import Silence

from . import pgbackrest_config
from .pgbackrest_answers import info_fault
from .pgbackrest_faults import cause_of, essence
from .types import CLOUD, LOCAL

# One segment, one listing: what takes longer hangs.
SHORT_SECONDS = 60.0
SHORT_IO = "--io-timeout=5"
# pgBackRest ends by itself when nothing moves any more; this is for what we did not foresee.
LONG_SECONDS = 12 * 3600.0
QUIET = "--log-level-console=warn"


class Runs:
    """What the engine's methods have in common."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

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
