#!/usr/bin/python3
"""The container's main program: Patroni, pgBackRest's TLS server beside it, and the stop path.

- Patroni's end is the container's end: the restart policy starts both anew. One exception: a
  Patroni that refuses an etcd which answers (stuck.py) is started anew under a running PostgreSQL.
- A replica that can never stream again is cloned anew (reclone.py).
- pgBackRest's server is started anew when it dies; its death never touches PostgreSQL.
- SIGTERM: a leader first hands over (M15), bounded by HOLDFAST_STOP_PATH_SECONDS (15), unless the
  cluster as a whole is stopping (M7), no candidate is healthy or etcd is silent; then Patroni stops
  PostgreSQL fast.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import reclone
import stop_path
import stuck
from compose import compose
from facts import fact
from pgconf import ConfigFault

PGBACKREST = Path("/etc/holdfast/pgbackrest.conf")
# Doubles with each early end, so that a bad configuration does not flood the log.
RESTART_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


def log(text: str) -> None:
    print(f"holdfast-supervise: {text}", file=sys.stderr, flush=True)


class Supervisor:
    """Holds the children and the wish to stop."""

    def __init__(self) -> None:
        self.stopping = False
        self.stuck = False
        self.patroni: subprocess.Popen | None = None
        self.archive: subprocess.Popen | None = None
        self.archive_due = 0.0
        self.archive_born = 0.0
        self.archive_pause = RESTART_PAUSE_SECONDS / 2
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        # Patroni reads its folder anew; secrets and files may have changed.
        signal.signal(signal.SIGHUP, lambda *_: self._reload())

    def _on_stop(self, *_: object) -> None:
        self.stopping = True

    def _on_stuck(self) -> None:
        self.stuck = True

    def _renew_patroni(self, folder: Path) -> None:
        """A new Patroni. SIGKILL, for an orderly end would stop PostgreSQL too."""
        assert self.patroni
        log("Patroni refuses an etcd that answers; starting it anew, PostgreSQL goes on")
        self.patroni.kill()
        self.patroni.wait()
        self.patroni = subprocess.Popen(["patroni", str(folder)])
        self.stuck = False

    def _reload(self) -> None:
        try:
            compose()
        except (ConfigFault, OSError) as error:
            log(f"not reloaded: {error}")
            return
        if self.patroni:
            self.patroni.send_signal(signal.SIGHUP)

    def run(self) -> int:
        """Until Patroni ends or a stop is asked for. Returns the exit code."""
        try:
            folder = compose()
        except (ConfigFault, OSError) as error:
            log(str(error))
            time.sleep(2)  # the restart policy's loop stays readable
            return 78
        self.patroni = subprocess.Popen(["patroni", str(folder)])
        stuck.watch(self._on_stuck)
        reclone.watch(log)
        while not self.stopping:
            if self.stuck:
                self._renew_patroni(folder)
            code = self.patroni.poll()
            if code is not None:
                log(f"Patroni ended with {code}; the container ends with it")
                self._stop_archive()
                return code or 1
            self._tend_archive()
            time.sleep(0.1)
        return self._stop()

    def _tend_archive(self) -> None:
        """Starts pgBackRest's server when it is configured and not running."""
        if not PGBACKREST.exists():
            return
        if self.archive and self.archive.poll() is None:
            return
        now = time.monotonic()
        if self.archive:
            log(f"pgBackRest's server ended with {self.archive.returncode}; starting it again")
            self.archive = None
            lived = now - self.archive_born
            early = lived < LONGEST_PAUSE_SECONDS
            self.archive_pause = (
                min(self.archive_pause * 2, LONGEST_PAUSE_SECONDS)
                if early
                else RESTART_PAUSE_SECONDS
            )
            self.archive_due = now + self.archive_pause
        if now >= self.archive_due:
            command = ["pgbackrest", f"--config={PGBACKREST}", "server"]
            self.archive = subprocess.Popen(command)
            self.archive_born = now

    def _stop_archive(self) -> None:
        if self.archive and self.archive.poll() is None:
            self.archive.terminate()

    def _stop(self) -> int:
        """The stop path, then Patroni's own orderly stop."""
        assert self.patroni
        try:
            bound = float(fact("STOP_PATH_SECONDS", "15"))
            log(stop_path.leave(fact("MEMBER"), bound))
        except Exception as error:  # noqa: BLE001 - nothing may keep a stop from stopping
            log(f"no handover: {error}")
        self.patroni.terminate()
        code = self.patroni.wait()
        self._stop_archive()
        return 0 if code in (0, -signal.SIGTERM) else code


if __name__ == "__main__":
    os.environ.setdefault("PGBACKREST_CONFIG", str(PGBACKREST))
    sys.exit(Supervisor().run())
