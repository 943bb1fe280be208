"""An idle session on the leader: its end is the first sign of a crash.

Patroni is asked once a second. The kernel tells of a PostgreSQL that died in the same millisecond, and
until somebody acts on it each new statement fails instead of waiting.
"""

import select
import threading
import time
from collections.abc import Callable
from typing import Any

# How long it waits for the session's end before it looks whether another leads; between two tries
# to connect. Seconds.
LOOK_SECONDS = 0.5


class Canary:
    """Holds one session on whoever leads, in a thread of its own.

    Args:
        leader: the address where writes go now; None while they are held.
        connect: a session there; raises OSError or a psycopg2.Error when there is none to be had.
        alarm: is called with the address when the session ended by itself.
    """

    def __init__(
        self,
        leader: Callable[[], str | None],
        connect: Callable[[str], Any],
        alarm: Callable[[str], None],
    ) -> None:
        self._leader = leader
        self._connect = connect
        self._alarm = alarm
        self._session: Any = None
        self._address: str | None = None

    def start(self) -> None:
        """Watches until the program ends."""
        threading.Thread(target=self._run, name="canary", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self.step()
            except Exception:  # noqa: BLE001 - whatever it was: no session, and another try
                self._close()
                time.sleep(LOOK_SECONDS)

    def step(self) -> None:
        """Connects, or waits a moment for the end of the session there is."""
        leader = self._leader()
        if leader is None or leader != self._address:
            self._close()
        if leader is None:
            time.sleep(LOOK_SECONDS)
            return
        if self._session is None:
            self._session = self._connect(leader)
            self._address = leader
        readable, _, _ = select.select([self._session.fileno()], [], [], LOOK_SECONDS)
        if readable and self._ended():
            self._close()
            self._alarm(leader)

    def _ended(self) -> bool:
        """A readable idle session has ended, or got a notice."""
        try:
            self._session.poll()
        except Exception:  # noqa: BLE001 - any error of a session is its end
            return True
        return bool(self._session.closed)

    def _close(self) -> None:
        session, self._session, self._address = self._session, None, None
        if session is not None:
            try:
                session.close()
            except Exception:  # noqa: BLE001 - it is gone already
                pass
