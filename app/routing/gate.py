"""How many requests of this process may use the leader at once.

While nobody leads, a pooler lets writes wait. Without a bound they would soon hold every thread,
and the reads, which replicas could serve, would wait with them.
"""

import threading
import time

from django.conf import settings

from routing.errors import TooManyWaiting

# When for so long nobody came in, those inside are held up; nobody waits for them any more. Two
# hundred times a usual statement, and nothing that a reader's thread would be missed for.
PATIENCE_SECONDS = 0.5
# Where they do move on: the longest wait for a place.
LONGEST_WAIT_SECONDS = 5.0


class Gate:
    """Places for `limit` requests; None: for all."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._changed = threading.Condition()
        self._inside: dict[object, float] = {}  # who -> since when, time.monotonic()

    def enter(self, who: object) -> None:
        """Takes a place, once for each `who`. @raises TooManyWaiting"""
        if self.limit is None or who in self._inside:
            return
        latest = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._changed:
            while len(self._inside) >= self.limit:
                until = min(latest, max(self._inside.values()) + PATIENCE_SECONDS)
                remaining = until - time.monotonic()
                if remaining <= 0:
                    raise TooManyWaiting(f"{self.limit} requests wait for the leader already")
                self._changed.wait(remaining)
            self._inside[who] = time.monotonic()

    def leave(self, who: object) -> None:
        """Gives the place back, if there was one."""
        with self._changed:
            if self._inside.pop(who, None) is not None:
                self._changed.notify()


gate = Gate(getattr(settings, "ROUTING_LEADER_REQUESTS", None))
