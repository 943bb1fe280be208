"""pgBackRest's TLS server beside PostgreSQL: started anew when it dies, later each time."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CONFIG = Path("/etc/holdfast/pgbackrest.conf")
# Doubles with each early end, so that a bad configuration does not flood the log.
RESTART_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


class ArchiveServer:
    """Its death never touches PostgreSQL. `tend` is called often."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._process: subprocess.Popen | None = None
        self._due = 0.0
        self._born = 0.0
        self._pause = RESTART_PAUSE_SECONDS / 2

    def tend(self) -> None:
        """Starts the server when it is configured and not running."""
        if not CONFIG.exists():
            return
        if self._process and self._process.poll() is None:
            return
        now = time.monotonic()
        if self._process:
            code = self._process.returncode
            self._log(f"pgBackRest's server ended with {code}; starting it again")
            self._process = None
            early = now - self._born < LONGEST_PAUSE_SECONDS
            longer = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
            self._pause = longer if early else RESTART_PAUSE_SECONDS
            self._due = now + self._pause
        if now >= self._due:
            self._process = subprocess.Popen(["pgbackrest", f"--config={CONFIG}", "server"])
            self._born = now

    def stop(self) -> None:
        """Ends it, if it runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
