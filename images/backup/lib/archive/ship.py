"""Keeps both repositories' archives whole: what one has and the other lacks and needs is carried.

Nothing here waits for a repository: looks, moves and rescues run in pools of their own, and `tick`
takes in what has ended and starts what is due. So S3 can hang without the local one noticing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from backup.cluster import Member
from backup.errors import BackupError, RepositoryFault
from engine.types import CLOUD, LOCAL, Engine

from . import gaps, plan
from .continuity import Judgement
from .gaps import Gaps
from .judges import Judges
from .looks import Looks
from .moves import WORKERS, Move, Moves
from .view import View


class Pools:
    """Where the work runs. Looks and rescues never wait behind a move that hangs."""

    def __init__(self) -> None:
        self.looks: Executor = ThreadPoolExecutor(2, "archive-look")
        self.moves: Executor = ThreadPoolExecutor(WORKERS, "archive-move")
        self.rescues: Executor = ThreadPoolExecutor(1, "archive-rescue")


class Shipper:
    """One for the life of the container. `tick` and the facts belong to one thread."""

    def __init__(
        self,
        folder: Path,
        read: gaps.Read,
        members: Callable[[], list[Member]],
        log: Callable[[str], None],
        *,
        pools: Pools | None = None,
        wake: Callable[[], None] = lambda: None,
        running: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        pools = pools or Pools()
        self.views: dict[str, View] = {}
        self.filled: dict[str, int] = {}
        self.owed: dict[str, str] = {}
        self.backlog: list[str] = []
        """Names that the cloud lacks and needs, and the local repository has."""
        self._read, self._members, self._running = read, members, running
        self._log, self._clock, self._wall = log, clock, wall
        self._plans: dict[tuple[str, str], tuple[tuple[int, int], list[str]]] = {}
        self._judges = Judges()
        self._looks = Looks(pools.looks, wake)
        self._moves = Moves(pools.moves, folder / "moves", wake)
        self._gaps = Gaps(pools.rescues, folder / "rescue", wake)

    @property
    def judgements(self) -> dict[str, dict[str, Judgement]]:
        """By repository and archive id."""
        return self._judges.by_archive

    def tick(self, engine: Engine) -> None:
        """Takes in what has ended, starts what is due."""
        now = self._clock()
        repositories = engine.repositories()
        for name in repositories:
            self.views.setdefault(name, View(name))
            self.filled.setdefault(name, 0)
        for name in set(self.views) - set(repositories):
            del self.views[name]
            self.owed.pop(name, None)
            self._judges.forget(name)
        self._take_looks(now)
        self._take_moves(now)
        self._take_rescue(now)
        for view in self.views.values():
            self._looks.start(engine, view, view.name in self.owed, now, self._running())
            self._judges.judge(view, now)
        self._start_moves(engine, now)
        self._mend(engine, now)

    def confirmed_holes(self, repository: str) -> list[list[str]]:
        """The holes that are no segments under way, each: archive id, then the names."""
        now = self._clock()
        view = self.views.get(repository)
        found: list[list[str]] = []
        for archive, judgement in self.judgements.get(repository, {}).items():
            here = view is not None and archive == view.archive
            for hole in judgement.holes:
                kept = [n for n in hole if not here or self._gaps.confirmed(repository, n, now)]
                if kept:
                    found.append([archive, *kept])
        return found

    def _take_looks(self, now: float) -> None:
        for name, flight in self._looks.landed():
            view = self.views.get(name)
            if view is None:
                continue
            try:
                taken = flight.future.result()
            except (BackupError, OSError) as error:
                self._failed(view, error, now)
                continue
            if name != LOCAL and taken.listing is not None:
                self._judges.listed(name)
            view.take(taken, flight.asked_at, flight.added)
            # A repository that lists and does not take files is proven by the next file.
            if not any(self._wanted(o, view) for o in self.views.values() if o is not view):
                self._worked(view)

    def _take_moves(self, now: float) -> None:
        for done, own in self._moves.land(now):
            target = self.views.get(done.move.target)
            blamed = self.views.get(done.at_fault)
            if done.error is None:
                if target is not None:
                    self._arrived(target, done.move.name)
            elif own:
                text = f"{done.move.name} does not reach {done.move.target}: {done.error}"
                self._log(" ".join(text.split()))
            elif blamed is not None:
                self._failed(blamed, done.error, now)

    def _arrived(self, target: View, name: str) -> None:
        # The local archive is where WAL comes first: what we bring there was lost. In the cloud it
        # is a gap in a listing, and not what the other worker has overtaken.
        gap = self._judges.was_gap(target.name, name) or target.name == LOCAL
        if gap or self._gaps.confirmed(target.name, name, self._clock()):
            self.filled[target.name] += 1
            self._log(f"{name} was missing in {target.name}: filled")
        at = self._wall()
        target.note(name, at)
        self._looks.note(target.name, name, at)
        self._worked(target)

    def _take_rescue(self, now: float) -> None:
        tried = self._gaps.land()
        if tried is None:
            return
        for repository, name in tried.pushed:
            if repository in self.views:
                self._arrived(self.views[repository], name)
        for repository, error in tried.refused:
            if repository in self.views:
                self._failed(self.views[repository], error, now)

    def _wanted(self, source: View, target: View) -> list[str]:
        if not (source.seen and target.seen):
            return []
        pair, versions = (source.name, target.name), (source.version, target.version)
        known = self._plans.get(pair)
        if known is None or known[0] != versions:
            needs_from = plan.floor(target.present, target.backups_here(), source.present)
            known = (versions, plan.wanted(source.present, target.present, needs_from))
            self._plans[pair] = known
        return known[1]

    def _start_moves(self, engine: Engine, now: float) -> None:
        if LOCAL not in self.views or CLOUD not in self.views:
            self.backlog = []
            return
        local, cloud = self.views[LOCAL], self.views[CLOUD]
        self.backlog = self._wanted(local, cloud)
        self._carry(engine, local, cloud, self.backlog, now)
        if now < cloud.not_before:
            return
        back = [
            name
            for name in self._wanted(cloud, local)
            if not self._moves.aside(Move(CLOUD, LOCAL, cloud.archive, name), now)
        ]
        # What retention has just removed is missing in a list of base backups that is older.
        if back and local.backups_at >= local.listed_at:
            self._carry(engine, cloud, local, back, now)
        elif back and not self._looks.under_way(LOCAL):
            local.backups_at = -1e9

    def _carry(
        self, engine: Engine, source: View, target: View, files: list[str], now: float
    ) -> None:
        # Without a stanza nothing is owed to it, and every push would fail.
        if not files or target.relist or not target.archive:
            return
        if now < max(source.not_before, target.not_before):
            return
        moves = [Move(source.name, target.name, source.archive, name) for name in files]
        most = self._moves.free
        if source.failures or target.failures:
            # One file asks whether it works again.
            most = min(most, 1 - self._moves.flying_to(target.name))
            moves = self._moves.order(moves)
        self._moves.start(engine, moves, now, most)

    def _mend(self, engine: Engine, now: float) -> None:
        """What no repository can give: from a member, else a base backup is owed."""
        current = {name: self._judges.current(view) for name, view in self.views.items()}
        missing = {name: list(j.missing) if j else [] for name, j in current.items()}
        self._gaps.see(missing, now)
        lost: dict[str, list[str]] = {}
        for repository, found in missing.items():
            view = self.views[repository]
            if found and view.backups_at <= self._gaps.newest(repository):
                # Perhaps no base backup needs them any more.
                view.backups_at = -1e9
                continue
            for name in found:
                confirmed = self._gaps.confirmed(repository, name, now)
                if confirmed and not self._obtainable(repository, name):
                    lost.setdefault(name, []).append(repository)
        self._gaps.start(engine, lost, self._members(), self._read, now)
        for name, view in self.views.items():
            gone = [n for n in self._gaps.nowhere if name in lost.get(n, ())]
            judgement = current[name]
            reason = gaps.owed(judgement, bool(view.backups_here()), gone)
            if reason and name not in self.owed:
                self._log(f"{name}: {reason}: a base backup is owed")
            if reason:
                self.owed[name] = reason
            elif judgement is not None and judgement.reaches_newest:
                self.owed.pop(name, None)

    def _obtainable(self, repository: str, name: str) -> bool:
        """Whether the other repository has the file and gives it."""
        return any(
            name in other.present
            and not self._moves.spoiled(Move(other.name, repository, other.archive, name))
            for other in self.views.values()
            if other.name != repository
        )

    def _worked(self, view: View) -> None:
        if view.works():
            self._log(f"repository {view.name} works")

    def _failed(self, view: View, error: Exception, now: float) -> None:
        if view.fails(error, now):
            prefix = "" if isinstance(error, RepositoryFault) else f"repository {view.name}: "
            self._log(f"{prefix}{' '.join(str(error).split())}")
