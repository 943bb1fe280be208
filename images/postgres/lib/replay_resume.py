"""A replay that was paused for a moment and left paused goes on.

The backup container pauses a replica's replay for as long as it takes the checksums of a restore's
proof, in a session of its own (`holdfast-mark`). A pause outlives the session that asked for it: if
that one was killed, the replica would fall behind for ever. Patroni, which resumes a pause that
nobody attends (patient_patroni.py), does so only while it follows a leader.
"""

import threading
import time
from collections.abc import Callable

import psycopg2

from facts import fact
from patroni_api import PatroniError, own_status
from sql import rows

CHECK_SECONDS = 5.0
SESSION = "holdfast-mark"
LOOK = f"""
SELECT pg_is_in_recovery() AND pg_is_wal_replay_paused(),
  EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '{SESSION}')
"""


class Watch:
    """Two looks in a row without the session, and the replay goes on."""

    def __init__(self, ask: Callable[[str], list[tuple]], log: Callable[[str], None]) -> None:
        self._ask = ask
        self._log = log
        self._left = False

    def look(self) -> None:
        """One look."""
        paused, attended = self._ask(LOOK)[0]
        left = bool(paused) and not attended
        if left and self._left:
            self._ask("SELECT pg_wal_replay_resume()")
            self._log(f"replay was paused and no session {SESSION} is there: it goes on")
            left = False
        self._left = left


def watch(log: Callable[[str], None]) -> None:
    """Looks for ever in a thread of its own."""

    def run() -> None:
        own = Watch(lambda text: rows("127.0.0.1", text), log)
        while True:
            time.sleep(CHECK_SECONDS)
            try:
                if own_status().get("role") == "replica":
                    own.look()
            except (PatroniError, psycopg2.Error):
                continue
            except (Exception, SystemExit) as error:  # noqa: BLE001 - this thread must never end
                log(f"looking at the replay on {fact('MEMBER', '?')}: {error!r}")

    threading.Thread(target=run, name="replay-resume", daemon=True).start()
