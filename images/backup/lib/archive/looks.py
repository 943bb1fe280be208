"""Looks at the repositories: one at a time for each, beside the shipping thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from engine.types import LOCAL, Engine

from .view import Look, View, look


@dataclass
class Flight:
    """A look under way."""

    future: Future[Look]
    asked_at: float
    added: dict[str, float]
    """Files that were pushed meanwhile, which it may have missed."""


class Looks:
    """The looks under way. Belongs to the shipping thread."""

    def __init__(self, pool: Executor, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._wake = wake
        self._flights: dict[str, Flight] = {}

    def under_way(self, repository: str) -> bool:
        """Whether a repository is being read."""
        return repository in self._flights

    def start(
        self, engine: Engine, view: View, owed: bool, now: float, running: int | None = None
    ) -> None:
        """Starts a look when one is due. `owed`: a base backup is, so look for it more often.

        `running`: see view.look.
        """
        if self.under_way(view.name) or not view.look_due(now, owed):
            return
        files = view.name == LOCAL or view.listing_due(now)
        # Retention removes base backups first: a list of files needs one of backups after it.
        backups = view.backups_due(now, owed) or (files and view.name != LOCAL)
        future = self._pool.submit(look, engine, view, files, backups, running)
        self._flights[view.name] = Flight(future, now, {})
        future.add_done_callback(lambda _: self._wake())

    def note(self, repository: str, name: str, at: float) -> None:
        """A file was pushed while the repository is being read."""
        if repository in self._flights:
            self._flights[repository].added[name] = at

    def landed(self) -> Iterator[tuple[str, Flight]]:
        """The looks that have ended, with the repository's name."""
        for name, flight in list(self._flights.items()):
            if flight.future.done():
                del self._flights[name]
                yield name, flight
