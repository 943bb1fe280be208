"""Ends a long run when the endpoint has been silent for too long.

pgBackRest waits for each file of a base backup three times three requests: minutes of a stalled run
in which nobody else may begin one. Its own options for that are not meant for use.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from backup.errors import RepositoryFault
from backup.settings import Cloud

from . import reach

# What one request with its repetitions can survive by itself (three times io-timeout).
LONGEST_SECONDS = 45.0


class Silence:
    """Asks at each call; the answer says why the run should end, empty while it need not."""

    def __init__(
        self,
        cloud: Cloud,
        check: Callable[[Cloud], None] = reach.check,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloud, self._check, self._clock = cloud, check, clock
        self._since: float | None = None

    def __call__(self) -> str:
        begin = self._clock()
        try:
            self._check(self._cloud)
        except RepositoryFault as error:
            self._since = begin if self._since is None else self._since
            silent = self._clock() - self._since
            if silent < LONGEST_SECONDS:
                return ""
            return f"the endpoint gave no answer for {silent:.0f} s: {error}"
        self._since = None
        return ""
