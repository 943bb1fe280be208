"""What is missing in a repository and in the other too: fetched from a member, or owed.

Owed: no base backup reaches the archive's end, and no member that answers has the segment any more.
The supervisor then takes a base backup in that repository, and its window has two intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from backup.cluster import Member
from backup.errors import BackupError
from engine.types import Engine

from . import rescue
from .continuity import Judgement

# Segments travel side by side and may overtake each other.
GRACE_SECONDS = 10.0
# A member that is away may still have the segment when it comes back.
AGAIN_SECONDS = 20.0
BATCH = 8


@dataclass(frozen=True)
class Tried:
    """How the rescue of some files went."""

    pushed: tuple[tuple[str, str], ...] = ()
    """(repository, name)"""
    refused: tuple[tuple[str, Exception], ...] = ()
    """(repository, why it did not take a file)"""
    nowhere: frozenset[str] = frozenset()
    """Names that no member has, the leader being among those that answered."""
    reasons: Mapping[str, str] = field(default_factory=dict)


Read = Callable[[Member, str], bytes]


def attempt(
    engine: Engine,
    wanted: Mapping[str, Iterable[str]],
    members: list[Member],
    read: Read,
    folder: Path,
) -> Tried:
    """Looks for each name on the members, the leader first, and pushes it to who wants it.

    `wanted`: repositories by name of the file. Raises nothing but what is our own mistake.
    """
    pushed: list[tuple[str, str]] = []
    refused: list[tuple[str, Exception]] = []
    nowhere: set[str] = set()
    reasons: dict[str, str] = {}
    for name, repositories in wanted.items():
        content, leader_answered, reasons[name] = _from_members(name, members, read)
        if content is None:
            if leader_answered:
                nowhere.add(name)
            continue
        file = rescue.into(folder, name, content)
        for repository in repositories:
            try:
                engine.push(repository, file)
                pushed.append((repository, name))
            except (BackupError, OSError) as error:
                refused.append((repository, error))
        file.unlink(missing_ok=True)
    return Tried(tuple(pushed), tuple(refused), frozenset(nowhere), reasons)


def _from_members(name: str, members: list[Member], read: Read) -> tuple[bytes | None, bool, str]:
    leader_answered = False
    reasons: list[str] = []
    for member in members:
        try:
            return read(member, name), True, ""
        except rescue.NotThere as error:
            leader_answered |= member.leader
            reasons.append(str(error))
        except (psycopg2.Error, OSError) as error:
            reasons.append(f"{member.name} does not answer: {type(error).__name__}")
    return None, leader_answered, "; ".join(reasons)


class Gaps:
    """The gaps that nothing but a member can fill. Belongs to the shipping thread."""

    def __init__(self, pool: Executor, folder: Path, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._folder = folder
        self._wake = wake
        self._flight: Future[Tried] | None = None
        self._since: dict[tuple[str, str], float] = {}
        self._not_before: dict[str, float] = {}
        self.nowhere: set[str] = set()
        """Names that no member has, as far as they answered."""

    def see(self, missing: Mapping[str, Iterable[str]], now: float) -> None:
        """Takes note of what is missing now, by repository."""
        pairs = {(repository, name) for repository, found in missing.items() for name in found}
        self._since = {pair: self._since.get(pair, now) for pair in pairs}
        seen = {name for _, name in pairs}
        self.nowhere &= seen
        self._not_before = {n: at for n, at in self._not_before.items() if n in seen}

    def newest(self, repository: str) -> float:
        """When the last gap of a repository was first seen."""
        times = [at for (where, _), at in self._since.items() if where == repository]
        return max(times, default=-1e9)

    def confirmed(self, repository: str, name: str, now: float) -> bool:
        """Whether a gap has lasted long enough not to be a segment that was overtaken."""
        since = self._since.get((repository, name))
        return since is not None and now - since >= GRACE_SECONDS

    def start(
        self,
        engine: Engine,
        lost: Mapping[str, list[str]],
        members: list[Member],
        read: Read,
        now: float,
    ) -> None:
        """Tries some of the `lost` names (by name: the repositories that want it)."""
        due = [name for name in sorted(lost) if now >= self._not_before.get(name, 0.0)][:BATCH]
        if self._flight is not None or not due or not members:
            return
        for name in due:
            self._not_before[name] = now + AGAIN_SECONDS
        wanted = {name: tuple(lost[name]) for name in due}
        self._flight = self._pool.submit(attempt, engine, wanted, list(members), read, self._folder)
        self._flight.add_done_callback(lambda _: self._wake())

    def land(self) -> Tried | None:
        """How the last attempt went; None while there is none that ended."""
        if self._flight is None or not self._flight.done():
            return None
        tried, self._flight = self._flight.result(), None
        self.nowhere |= tried.nowhere
        return tried


def owed(judgement: Judgement | None, has_backups: bool, nowhere: Iterable[str]) -> str:
    """Why the repository needs a new base backup; empty when it does not."""
    if judgement is None or not has_backups or judgement.reaches_newest:
        return ""
    lost = sorted(set(judgement.in_the_way).intersection(nowhere))
    if not lost:
        return ""
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return f"WAL is lost: {lost[0]}{more} is in no repository and on no member"
