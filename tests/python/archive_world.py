"""An invented cluster's WAL for the archive's tests: timelines, base backups, a fake engine."""

import hashlib
import random
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from image_paths import use
from stand_ins import stand_in

use("backup")
stand_in()
from archive import names
from archive.names import Segment
from backup.errors import RepositoryFault
from engine.types import Archived, BaseBackup, Catalog

ARCHIVE = "17-1"
SYSTEM = 7712091119208456209


def base_backup(
    timeline: int,
    first: int,
    last: int,
    archive: str = ARCHIVE,
    repository: str = "local",
    stop: float | None = None,
) -> BaseBackup:
    """A base backup whose own WAL is the segments `first` to `last`."""
    return BaseBackup(
        repository=repository,
        label=f"{timeline}-{first}-{last}",
        kind="full",
        start=float(first),
        stop=float(last) if stop is None else stop,
        bytes=1,
        database_bytes=1,
        damaged=False,
        lsn_start=names.format_lsn(names.start_of(first) + 40),
        lsn_stop=names.format_lsn(names.start_of(last) + 100),
        wal_start=names.segment_name(Segment(timeline, first)),
        wal_stop=names.segment_name(Segment(timeline, last)),
        archive=archive,
        version="2.55.1",
        postgres="17",
    )


def wal(timeline: int, first: int, last: int) -> list[str]:
    """The names of a timeline's segments, both ends included."""
    return [names.segment_name(Segment(timeline, n)) for n in range(first, last + 1)]


def history(*left: tuple[int, int]) -> str:
    """A .history text: (timeline, LSN at which it was left), oldest first."""
    return "".join(f"{t}\t{names.format_lsn(lsn)}\tno recovery target\n" for t, lsn in left)


@dataclass
class World:
    """A cluster that was promoted at some LSNs: which segments a perfect archive has."""

    switches: list[int]
    """LSN at which timelines 1, 2 … were left."""
    newest: int
    """Number of the newest segment."""

    @property
    def timeline(self) -> int:
        """The newest one."""
        return len(self.switches) + 1

    def histories(self) -> dict[int, str]:
        """The text for every timeline that has one."""
        left = list(enumerate(self.switches, start=1))
        return {t: history(*left[: t - 1]) for t in range(2, self.timeline + 1)}

    def timeline_at(self, number: int) -> int:
        """On which timeline a segment is complete."""
        return 1 + sum(names.number_of(lsn) <= number for lsn in self.switches)

    def complete(self) -> list[str]:
        """The segments of the line, oldest first."""
        return [
            names.segment_name(Segment(self.timeline_at(n), n)) for n in range(1, self.newest + 1)
        ]

    def extras(self) -> list[str]:
        """What else is archived: .history files, .partial ones, an abandoned branch."""
        found = [names.history_name(t) for t in self.histories()]
        for timeline, lsn in enumerate(self.switches, start=1):
            number = names.number_of(lsn)
            found.append(names.segment_name(Segment(timeline, number)) + ".partial")
            found += wal(timeline, number + 1, number + 2)[1:]
        return found


def random_world(dice: random.Random) -> World:
    """One with up to four promotions, some in the same segment, some between two segments."""
    newest = dice.randint(8, 60)
    switches = sorted(
        names.start_of(dice.randint(2, newest)) + dice.choice((0, 96, names.SEGMENT_BYTES - 8))
        for _ in range(dice.randint(0, 4))
    )
    return World(switches, newest)


class Now(Executor):
    """Runs everything at once, in the caller's thread."""

    def submit(self, work, /, *args, **kwargs):
        """As Executor."""
        future: Future = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass
class Repository:
    """What a fake repository holds."""

    files: dict[str, bytes] = field(default_factory=dict)
    modified: dict[str, float] = field(default_factory=dict)
    backups: list[BaseBackup] = field(default_factory=list)
    archive: str = ARCHIVE
    system: int | None = SYSTEM
    refuses: str = ""
    """The cause with which every call fails."""
    read_only: str = ""
    """The cause with which every push fails."""
    damaged: set[str] = field(default_factory=set)


class FakeEngine:
    """Two repositories in memory."""

    def __init__(self, **repositories: Repository) -> None:
        self.held = repositories
        self.calls: list[tuple[str, ...]] = []

    def repositories(self) -> tuple[str, ...]:
        """As Engine."""
        return tuple(self.held)

    def archived(self, repository: str) -> list[Archived]:
        """As Engine."""
        held = self._open(repository, "archived")
        return [
            Archived(held.archive, name, len(content), held.modified.get(name, 0.0))
            for name, content in sorted(held.files.items())
        ]

    def base_backups(self, repository: str) -> list[BaseBackup]:
        """As Engine."""
        return list(self._open(repository, "base_backups").backups)

    def catalog(self, repository: str) -> Catalog:
        """As Engine."""
        held = self._open(repository, "catalog")
        return Catalog(list(held.backups), held.archive, held.system)

    def fetch(self, repository: str, archive: str, name: str, target: Path) -> None:
        """As Engine."""
        held = self._open(repository, "fetch", name)
        if name in held.damaged:
            raise RepositoryFault(repository, "damaged", f"checksum of {name}")
        if archive != held.archive or name not in held.files:
            raise RepositoryFault(repository, "other", f"{name} is not there")
        target.write_bytes(held.files[name])

    def push(self, repository: str, source: Path) -> None:
        """As Engine."""
        held = self._open(repository, "push", source.name)
        if held.read_only:
            raise RepositoryFault(repository, held.read_only, "no")
        held.files[source.name] = source.read_bytes()

    def pushed(self, repository: str) -> list[str]:
        """The names that were pushed, in order."""
        return [call[2] for call in self.calls if call[:2] == ("push", repository)]

    def _open(self, repository: str, *what: str) -> Repository:
        self.calls.append((what[0], repository, *what[1:]))
        held = self.held[repository]
        if held.refuses:
            raise RepositoryFault(repository, held.refuses, "no answer")
        return held


def holding(files: list[str], histories: dict[int, str] | None = None) -> dict[str, bytes]:
    """Files with a content that belongs to the name."""
    texts = {names.history_name(t): text.encode() for t, text in (histories or {}).items()}
    return {name: texts.get(name, hashlib.sha1(name.encode()).digest()) for name in files}
