"""Files on their way from one repository to the other: two at a time, history first.

A file that fails while others pass is set aside for a while: one damaged segment must not hold up
the rest, nor make a repository that works look broken.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from backup.errors import BackupError, RepositoryFault
from engine.types import Engine

WORKERS = 2
SET_ASIDE_SECONDS = 30.0
LONGEST_ASIDE_SECONDS = 300.0


@dataclass(frozen=True)
class Move:
    """One file to carry. `archive`: the source's id for the cluster."""

    source: str
    target: str
    archive: str
    name: str


@dataclass(frozen=True)
class Done:
    """How a move ended. `error` None: it arrived; `at_fault`: the repository that refused."""

    move: Move
    error: Exception | None = None
    at_fault: str = ""


@dataclass
class Strike:
    """A file's failures."""

    count: int
    passed: int
    """Moves that had arrived when it last failed."""
    not_before: float


def carry(engine: Engine, move: Move, folder: Path) -> Done:
    """Fetches and pushes. Raises nothing; the copy is gone afterwards."""
    at_fault = move.source
    place: Path | None = None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=folder))
        engine.fetch(move.source, move.archive, move.name, place / move.name)
        at_fault = move.target
        engine.push(move.target, place / move.name)
        return Done(move)
    except (BackupError, OSError) as error:
        blamed = error.repository if isinstance(error, RepositoryFault) else at_fault
        return Done(move, error, blamed)
    finally:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)


class Moves:
    """The moves under way, and the files set aside. Belongs to the shipping thread."""

    def __init__(self, pool: Executor, folder: Path, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._folder = folder
        self._wake = wake
        self._flying: dict[Move, Future[Done]] = {}
        self._strikes: dict[Move, Strike] = {}
        self._passed = 0

    @property
    def free(self) -> int:
        """How many more may start."""
        return WORKERS - len(self._flying)

    def flying_to(self, target: str) -> int:
        """How many are on their way to a repository."""
        return sum(move.target == target for move in self._flying)

    def start(self, engine: Engine, moves: Iterable[Move], now: float, most: int) -> None:
        """Starts the first of `moves` that are neither under way nor set aside."""
        left = min(most, self.free)
        for move in moves:
            if left <= 0:
                return
            if move in self._flying or self.aside(move, now):
                continue
            flight = self._pool.submit(carry, engine, move, self._folder)
            self._flying[move] = flight
            left -= 1
            flight.add_done_callback(lambda _: self._wake())

    def aside(self, move: Move, now: float) -> bool:
        """Whether the file waits because it, and not its repository, is at fault."""
        strike = self._strikes.get(move)
        return strike is not None and now < strike.not_before

    def spoiled(self, move: Move) -> bool:
        """Whether the file failed again while others passed."""
        strike = self._strikes.get(move)
        return strike is not None and strike.not_before > 0

    def land(self, now: float) -> list[tuple[Done, bool]]:
        """What has ended, each with whether the file itself is to blame for its failure."""
        landed: list[tuple[Done, bool]] = []
        for move, flight in list(self._flying.items()):
            if not flight.done():
                continue
            del self._flying[move]
            done = flight.result()
            if done.error is None:
                self._passed += 1
                self._strikes.pop(move, None)
                landed.append((done, False))
            else:
                landed.append((done, self._struck(move, now)))
        return landed

    def _struck(self, move: Move, now: float) -> bool:
        strike = self._strikes.setdefault(move, Strike(0, self._passed, 0.0))
        own = strike.count > 0 and (self._passed > strike.passed or strike.not_before > 0)
        strike.count += 1
        strike.passed = self._passed
        if own:
            wait = SET_ASIDE_SECONDS * 2.0 ** min(strike.count - 2, 10)
            strike.not_before = now + min(wait, LONGEST_ASIDE_SECONDS)
        return own

    def order(self, moves: Iterable[Move]) -> list[Move]:
        """The same, those that failed least first."""
        return sorted(moves, key=self._count)

    def _count(self, move: Move) -> int:
        strike = self._strikes.get(move)
        return strike.count if strike else 0
