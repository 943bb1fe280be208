"""A source's last answer, kept when it falls silent, and answers shared by many viewers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .fetch import Unanswered
from .model import Source

Answer = TypeVar("Answer")


@dataclass
class Remembered(Generic[Answer]):
    """What a source last said. A gap is not a zero: the old answer stays, with its age."""

    name: str
    answer: Answer
    answered_at: float | None = None
    error: str = ""

    def take(self, ask: Callable[[], Answer]) -> None:
        """Asks; an answer replaces the old one, silence is noted."""
        try:
            self.answer = ask()
            self.answered_at, self.error = time.time(), ""
        except Unanswered as error:
            self.error = str(error) or "no answer"

    @property
    def source(self) -> Source:
        return Source(self.name, self.answered_at, self.error)


class Shared(Generic[Answer]):
    """One answer for all who ask within `seconds`; whoever comes while it is made waits for it."""

    def __init__(self, seconds: float, make: Callable[[], Answer]) -> None:
        self._seconds = seconds
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[float, Answer] | None = None

    def get(self) -> Answer:
        """Raises what `make` raises, to each who waited."""
        with self._lock:
            if self._made is None or time.monotonic() - self._made[0] > self._seconds:
                answer = self._make()
                self._made = (time.monotonic(), answer)
            return self._made[1]
