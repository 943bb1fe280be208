"""What is known of one repository's archive, and whether it answers.

The local one is listed every second. The cloud's listing is remembered: it is read at the start,
after errors and every ten minutes; in between, what was pushed is noted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backup.errors import BackupError, RepositoryFault, another_cluster
from engine.types import LOCAL, Archived, BaseBackup, Engine

from . import names

LIST_SECONDS = {LOCAL: 1.0}
LIST_AGAIN_SECONDS = 600.0
# One question answers for the base backups and for whose they are: a repository that belongs to
# another cluster is noticed within this, reported within 3 s more, and alerts after 20 s.
BACKUPS_SECONDS = 30.0
BACKUPS_OWED_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 30.0
# A stanza is made when the cluster is there, and whoever makes it waits for a segment to arrive.
LONGEST_WAIT_FOR_STANZA_SECONDS = 4.0

Files = dict[str, dict[str, float]]
"""By archive id and name: when the file came."""


@dataclass(frozen=True)
class Look:
    """One reading of a repository. `listing`, `archive`, `backups`: None where not asked for."""

    files: Files
    listing: list[Archived] | None
    histories: dict[str, dict[int, str]]
    archive: str | None
    backups: list[BaseBackup] | None


@dataclass
class View:
    """The memory of one repository. Belongs to the shipping thread."""

    name: str
    archive: str = ""
    """Archive id of the cluster that runs now."""
    files: Files = field(default_factory=dict)
    listing: list[Archived] | None = None
    """The answer from which `files` was made."""
    histories: dict[str, dict[int, str]] = field(default_factory=dict)
    """Texts of .history files by archive id and timeline; empty text: it could not be read."""
    backups: list[BaseBackup] = field(default_factory=list)
    seen: bool = False
    """Whether there was a look at all."""
    version: int = 0
    """Grows when anything above changes."""
    listed_at: float = -1e9
    backups_at: float = -1e9
    failures: int = 0
    not_before: float = 0.0
    cause: str = ""
    error: str = ""
    relist: bool = True

    @property
    def present(self) -> dict[str, float]:
        """The running cluster's files."""
        return self.files.get(self.archive, {})

    def backups_here(self) -> list[BaseBackup]:
        """Base backups of the running cluster."""
        return [backup for backup in self.backups if backup.archive == self.archive]

    def look_due(self, now: float, owed: bool) -> bool:
        """Whether a look should be taken, of the files or the base backups."""
        return now >= self.not_before and (self.listing_due(now) or self.backups_due(now, owed))

    def listing_due(self, now: float) -> bool:
        """Whether the files have to be listed again."""
        limit = LIST_SECONDS.get(self.name, LIST_AGAIN_SECONDS)
        return self.relist or now - self.listed_at >= limit

    def backups_due(self, now: float, owed: bool) -> bool:
        """Whether the base backups have to be read again."""
        limit = BACKUPS_OWED_SECONDS if owed else BACKUPS_SECONDS
        return self.relist or now - self.backups_at >= limit

    def take(self, look: Look, asked_at: float, added: Mapping[str, float]) -> None:
        """Believes a look. `added`: files pushed while it was taken."""
        known = (self.files, self.histories, self.backups, self.archive)
        self.histories = look.histories
        if look.backups is not None:
            self.backups, self.backups_at = look.backups, asked_at
            self.archive = look.archive or ""
        if look.listing is not None:
            self.files, self.listing, self.listed_at = look.files, look.listing, asked_at
        for name, at in added.items():
            self.files.setdefault(self.archive, {}).setdefault(name, at)
        self.seen, self.relist = True, False
        if known != (self.files, self.histories, self.backups, self.archive):
            self.version += 1

    def note(self, name: str, at: float) -> None:
        """Remembers a file that was pushed."""
        self.files.setdefault(self.archive, {})[name] = at
        self.version += 1
        if not self.archive:
            self.relist = True

    def works(self) -> bool:
        """It did what was asked. Returns whether that is news."""
        news, self.failures, self.not_before = self.failures > 0, 0, 0.0
        self.cause = self.error = ""
        return news

    def fails(self, error: Exception, now: float) -> bool:
        """It did not: the next try is 1, 2, 4 … 30 s away. Returns whether the cause is news."""
        cause = error.cause if isinstance(error, RepositoryFault) else "other"
        news = self.failures == 0 or cause != self.cause
        self.failures += 1
        longest = LONGEST_WAIT_FOR_STANZA_SECONDS if cause == "stanza" else LONGEST_WAIT_SECONDS
        self.not_before = now + min(2.0 ** min(self.failures - 1, 10), longest)
        self.cause, self.error = cause, " ".join(str(error).split())
        self.relist = True
        return news


def look(
    engine: Engine, view: View, files: bool, backups: bool, running: int | None = None
) -> Look:
    """Reads a repository; runs beside the shipping thread and changes nothing of `view`.

    `running`: system identifier of the cluster that runs, None while nobody knows it; a repository
    of another one takes none of its WAL, so it is at fault. Raises BackupError (RepositoryFault)
    or OSError.
    """
    listing = engine.archived(view.name) if files else None
    same = listing is None or listing is view.listing
    found = view.files if same else _by_archive(listing or [])
    histories = _histories(engine, view, found, backups)
    if not backups:
        return Look(found, listing, histories, None, None)
    catalog = engine.catalog(view.name)
    if None not in (running, catalog.system) and catalog.system != running:
        raise another_cluster(view.name, f"system identifier {catalog.system}, not {running}")
    return Look(found, listing, histories, catalog.archive, catalog.backups)


def _by_archive(files: Iterable[Archived]) -> Files:
    found: Files = {}
    for file in files:
        found.setdefault(file.archive, {})[file.name] = file.modified
    return found


def _histories(engine: Engine, view: View, files: Files, again: bool) -> dict[str, dict[int, str]]:
    """The texts of the .history files; `again`: those that could not be read are tried again."""
    found: dict[str, dict[int, str]] = {}
    # The shipping thread notes pushed files meanwhile: a copy of the keys is what is gone through.
    for archive, present in list(files.items()):
        known = view.histories.get(archive, {})
        for name in list(present):
            timeline = names.history_timeline(name)
            if timeline is None:
                continue
            text = known.get(timeline)
            if text is None or (again and not text):
                text = _text(engine, view.name, archive, name)
            found.setdefault(archive, {})[timeline] = text
    return found


def _text(engine: Engine, repository: str, archive: str, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / name
        try:
            engine.fetch(repository, archive, name, target)
            return target.read_text()
        except RepositoryFault as error:
            if error.cause == "damaged":
                return ""
            raise
        except (BackupError, ValueError):
            return ""
