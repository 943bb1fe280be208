"""How many requests of this process may use the leader at once.

While nobody leads, a pooler lets writes wait. Without a bound they would soon hold every thread,
and the reads, which replicas could serve, would wait with them.
"""

import threading
import time

from django.conf import settings

from routing.errors import TooManyWaiting

# When for so long none of those inside has come further by a statement, they are held up, and
# nobody waits for them any more. A statement takes milliseconds, on a starved machine (measured:
# 50 clients, load 50 on 2 cores) hundreds of them; a reader's thread is not missed for so long.
PATIENCE_SECONDS = 1.0
# Where they do move on: the longest wait for a place.
LONGEST_WAIT_SECONDS = 5.0


class Gate:
    """Places for `limit` requests; None: for all."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._changed = threading.Condition()
        self._inside: set[object] = set()
        self._moved = 0.0  # time.monotonic() of the last step of anybody inside

    def enter(self, who: object) -> None:
        """Takes a place, once for each `who`. @raises TooManyWaiting"""
        if self.limit is None or who in self._inside:
            return
        latest = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._changed:
            while len(self._inside) >= self.limit:
                remaining = min(latest, self._moved + PATIENCE_SECONDS) - time.monotonic()
                if remaining <= 0:
                    raise TooManyWaiting(f"{self.limit} requests wait for the leader already")
                self._changed.wait(remaining)
            self._inside.add(who)
            self.moved()

    def moved(self) -> None:
        """The leader has answered somebody inside."""
        self._moved = time.monotonic()

    def leave(self, who: object) -> None:
        """Gives the place back, if there was one."""
        with self._changed:
            if who in self._inside:
                self._inside.discard(who)
                self.moved()
                self._changed.notify()


gate = Gate(getattr(settings, "ROUTING_LEADER_REQUESTS", None))
