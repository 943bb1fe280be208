"""Asks in the background, a thread for each source: who asks the page waits for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from . import inventory
from .inventory import Inventory, Questions

# A repository in trouble is asked sooner: its end has to be seen.
TROUBLED_SECONDS = 10.0
PAUSE_SECONDS = 1.0

Answer = TypeVar("Answer")


class Watch:
    """One repository, asked again and again. `inventory` is what it last said."""

    def __init__(
        self,
        repository: str,
        seconds: float,
        questions: Callable[[], Questions | None],
        folder: Path,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """`questions`: None while there is no such repository. `changed`: ask at once when its
        answer differs, so that a backup is listed as soon as it is done."""
        self._repository = repository
        self._seconds = seconds
        self._questions = questions
        self._folder = folder
        self._changed = changed
        self.inventory: Inventory | None = None

    def start(self) -> None:
        """Asks until the process ends."""
        name = f"watch-{self._repository}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        while True:
            seen = self._changed()
            self.look()
            until = time.monotonic() + self._pause()
            while time.monotonic() < until and self._changed() == seen:
                time.sleep(PAUSE_SECONDS)

    def look(self) -> None:
        """Asks once."""
        questions = self._questions()
        if questions is None:
            self.inventory = None
            return
        known = self.inventory or inventory.load(self._folder, self._repository)
        self.inventory = inventory.ask(self._repository, questions, known)
        try:
            inventory.save(self._folder, self.inventory)
        except OSError:
            # The file serves others; this page has its answer.
            pass

    def _pause(self) -> float:
        if self.inventory is None:
            return PAUSE_SECONDS
        return self._seconds if self.inventory.trouble is None else TROUBLED_SECONDS


class Remembered(Generic[Answer]):
    """One answer, asked for in the background. An error keeps the old one: a gap is not a zero."""

    def __init__(self, name: str, seconds: float, ask: Callable[[], Answer], empty: Answer) -> None:
        self._name = name
        self._seconds = seconds
        self._ask = ask
        self.answer = empty

    def start(self) -> None:
        """Asks until the process ends."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._seconds if self.look() else TROUBLED_SECONDS)

    def look(self) -> bool:
        """Asks once; says whether there was an answer."""
        try:
            self.answer = self._ask()
        except Exception:
            return False
        return bool(self.answer)
