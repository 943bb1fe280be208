#!/usr/bin/python3
"""The container's main program: Patroni, pgBackRest's TLS server beside it, and the stop path.

- A Patroni that is killed, hangs (patroni_process.py), or refuses an etcd which answers (stuck.py)
  is started anew under a running PostgreSQL. One that ends by itself ends the container: the
  restart policy starts both anew.
- A leader whose container was killed lets a replica lead at once (step_aside.py).
- A leader whose volume is full hands over to a member that has room (disk_room.py).
- A replica that can never stream again is cloned anew (reclone.py).
- An order to restore stops this member and is carried out (restore_mode.py); an empty member does
  not found a cluster whose backups exist (first_start.py).
- A replay that somebody paused and left paused goes on (replay_resume.py).
- A member that leaves for good is tagged, and a new one on its volume starts empty (leaving.py).
- With several sites it starts as what the site is, and ends when that may take no writes any more
  (site_member.py).
- pgBackRest's server is started anew when it dies; its death never touches PostgreSQL.
- SIGTERM: a leader first hands over (M15), bounded by HOLDFAST_STOP_PATH_SECONDS (15), unless the
  cluster as a whole is stopping (M7), no candidate is healthy or etcd is silent; then Patroni stops
  PostgreSQL fast.
"""

import os
import signal
import sys
import time

import disk_room
import leaving
import reclone
import replay_resume
import restore_files
import site_member
import step_aside
import stop_path
import stuck
from archive_server import CONFIG, ArchiveServer
from compose import bootstrap_from_backup, compose, tag_leaving, tag_nofailover, tag_unled
from facts import fact
from patroni_process import PatroniProcess
from pgconf import ConfigFault
from restore_mode import Restore


def log(text: str) -> None:
    print(f"holdfast-supervise: {text}", file=sys.stderr, flush=True)


class Supervisor:
    """Holds the children and the wish to stop."""

    def __init__(self) -> None:
        self.stopping = False
        self.stuck = False
        self.ended = False
        self.patroni: PatroniProcess | None = None
        self.archive = ArchiveServer(log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        # Patroni reads its folder anew; secrets and files may have changed.
        signal.signal(signal.SIGHUP, lambda *_: self._reload())

    def _on_stop(self, *_: object) -> None:
        self.stopping = True

    def _on_stuck(self) -> None:
        self.stuck = True

    def _on_end(self) -> None:
        self.ended = True

    def _tag_full(self, full: bool) -> None:
        tag_nofailover(full)
        if self.patroni:
            self.patroni.signal(signal.SIGHUP)

    def _reload(self) -> None:
        try:
            compose()
            tag_leaving(leaving.is_leaving())
        except (ConfigFault, OSError, SystemExit) as error:
            log(f"not reloaded: {error}")
            return
        if self.patroni:
            self.patroni.signal(signal.SIGHUP)

    def run(self) -> int:
        """Until Patroni ends or a stop is asked for. Returns the exit code."""
        try:
            folder = compose()
        except (ConfigFault, OSError) as error:
            log(str(error))
            time.sleep(2)  # the restart policy's loop stays readable
            return 78
        # Judged anew; parts of before may be left on the tmpfs.
        tag_nofailover(False)
        bootstrap_from_backup(False)
        tag_unled(restore_files.exists(restore_files.UNLED))
        tag_leaving(leaving.is_leaving())
        self.patroni = PatroniProcess(folder, log)
        restore = Restore(self.patroni, log)
        restore.watch()
        stuck.watch(self._on_stuck)
        reclone.watch(log)
        disk_room.watch(self._tag_full, self._on_end, log)
        replay_resume.watch(log)
        site_member.watch(self._on_end, log)
        while not self.stopping:
            if self.ended:
                # No orderly end: that of the namespace ends Patroni and PostgreSQL at once.
                return 1
            with restore.lock:
                code = None if restore.holds else self._tend(self.patroni)
            if code is not None:
                self.archive.stop()
                return code
            self.archive.tend()
            time.sleep(0.1)
        restore.stopping = True
        return self._stop(self.patroni, not restore.holds)

    def _tend(self, patroni: PatroniProcess) -> int | None:
        """Patroni runs and is judged. The exit code, when the container must end."""
        if not patroni.started:
            self._step_aside()
            patroni.start()
            return None
        if self.stuck:
            self.stuck = False
            patroni.renew("Patroni refuses an etcd that answers")
        return patroni.tend()

    def _step_aside(self) -> None:
        try:
            if done := step_aside.step_aside():
                log(done)
        except Exception as error:  # noqa: BLE001 - nothing may keep a start from starting
            log(f"the lease is left alone: {error}")

    def _stop(self, patroni: PatroniProcess, serves: bool) -> int:
        """The stop path, then Patroni's own orderly stop.

        Args:
            serves: clients may be here; not so while this member is being restored.
        """
        try:
            bound = float(fact("STOP_PATH_SECONDS", "15"))
            log(stop_path.leave(fact("MEMBER"), bound) if serves else "stops within a restore")
        except Exception as error:  # noqa: BLE001 - nothing may keep a stop from stopping
            log(f"no handover: {error}")
        code = patroni.stop()
        self.archive.stop()
        return 0 if code in (0, -signal.SIGTERM) else code


if __name__ == "__main__":
    os.environ.setdefault("PGBACKREST_CONFIG", str(CONFIG))
    sys.exit(Supervisor().run())
