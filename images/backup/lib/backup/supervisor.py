"""The container's main program: pgBackRest's server, the schedule, the metrics page.

It takes no backup itself: it starts `holdfast-backup`, as a person would, so that there is one way
a run begins, ends, is locked and is recorded, and so that no run can take the server down with it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

from . import cluster, cron, page, paths, schedule, state
from .errors import NotReady, SettingsError
from .settings import Settings, load

TICK_SECONDS = 2.0
# Without a leader or a stanza WAL piles up: look again soon, after repeated failures less often.
LEADER_SECONDS = 5.0
PREPARE_SECONDS = 5.0
LONGEST_PREPARE_SECONDS = 60.0
SERVER_RESTART_SECONDS = 2.0
# The exit codes of holdfast-backup that mean "later", not "failed".
LATER = (75, 69)
LATER_SECONDS = 30.0
# A run that ended without a record (killed, out of memory) must not be repeated in a tight loop.
UNRECORDED_SECONDS = 60.0


def log(text: str) -> None:
    """One line on the container's log."""
    print(f"holdfast-backup: {text}", file=sys.stderr, flush=True)


class Supervisor:
    """Holds the children and decides, tick by tick, what to start next."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._reload = threading.Event()
        self._settings: Settings | None = None
        self._settings_valid = False
        self._read_at: float | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._server_after = 0.0
        self._run: subprocess.Popen[bytes] | None = None
        self._run_name = ""
        self._not_before: dict[str, float] = {}
        self._said = ""
        self._prepare_wait = PREPARE_SECONDS

    def settings(self) -> tuple[Settings | None, bool]:
        """The settings in force, if any, and whether they are those of the newest backup.json."""
        return self._settings, self._settings_valid

    def main(self) -> int:
        """Runs until SIGTERM."""
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        signal.signal(signal.SIGINT, lambda *_: self.stopping.set())
        signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
        paths.RUNTIME.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths.INCLUDES.mkdir(exist_ok=True)
        self._remember_beginning()
        page.serve(page.Page(self.settings, cron.previous))
        while not self.stopping.is_set():
            self._tick()
            paths.HEARTBEAT.touch()
            self.stopping.wait(TICK_SECONDS)
        self._end()
        return 0

    def _remember_beginning(self) -> None:
        """A schedule owes nothing from before the repository's first day: write that day down."""
        if not paths.STATE.exists():
            state.save(paths.STATE, state.load(paths.STATE))

    def _tick(self) -> None:
        self._read_settings()
        self._keep_server()
        self._reap()
        if self._settings is not None and self._run is None:
            self._start_due(self._settings)

    def _read_settings(self) -> None:
        try:
            changed = paths.SETTINGS.stat().st_mtime_ns + paths.PGBACKREST_CONFIG.stat().st_mtime_ns
        except OSError as error:
            self._say(f"waiting for {error.filename}")
            return
        if changed == self._read_at and not self._reload.is_set():
            return
        self._reload.clear()
        first, self._read_at = self._read_at is None, changed
        try:
            settings = load(paths.SETTINGS)
            cron.check(settings.physical, "physical")
            cron.check(settings.logical, "logical")
        except SettingsError as error:
            # The old settings stay in force: a typing error must not stop the backups.
            log(str(error))
            self._settings_valid = False
            return
        self._settings, self._settings_valid = settings, True
        log(f"schedule (UTC): physical {settings.physical}, logical {settings.logical}")
        if self._server is not None and not first:
            self._server.send_signal(signal.SIGHUP)

    def _keep_server(self) -> None:
        if self._server is not None and self._server.poll() is not None:
            log(f"pgbackrest server ended with code {self._server.returncode}: starting it again")
            self._server, self._server_after = None, time.monotonic() + SERVER_RESTART_SECONDS
        if self._server is None and self._settings and time.monotonic() >= self._server_after:
            command = ["pgbackrest", f"--config={paths.PGBACKREST_CONFIG}", "server"]
            self._server = subprocess.Popen(command)

    def _start_due(self, settings: Settings) -> None:
        """Starts at most one run: the stanza before all, base backups before dumps."""
        known, now = state.load(paths.STATE), time.time()
        if not known.stanza_ready:
            self._start(settings, "prepare", 0.0)
            return
        runs = known.runs
        if schedule.physical_due(known, settings.physical, now, cron.previous) is not None:
            self._start(settings, "physical", schedule.retry_at(runs, schedule.PHYSICAL_KINDS))
        if schedule.logical_due(known, settings.logical, now, cron.previous) is not None:
            self._start(settings, "logical", schedule.retry_at(runs, schedule.LOGICAL_KINDS))

    def _start(self, settings: Settings, name: str, not_before: float) -> None:
        if self._run is not None or time.time() < max(not_before, self._not_before.get(name, 0.0)):
            return
        try:
            cluster.members(settings.nodes)
        except NotReady as error:
            self._say(str(error))
            self._not_before[name] = time.time() + LEADER_SECONDS
            return
        self._said = ""
        self._run_name = name
        arguments = ["--prepare"] if name == "prepare" else ["--now", name]
        self._run = subprocess.Popen(["holdfast-backup", *arguments])

    def _reap(self) -> None:
        if self._run is None or self._run.poll() is None:
            return
        code, name, self._run = self._run.returncode, self._run_name, None
        if code == 0:
            self._not_before.pop(name, None)
            self._prepare_wait = PREPARE_SECONDS
        elif name == "prepare":
            self._not_before[name] = time.time() + self._prepare_wait
            self._prepare_wait = min(2 * self._prepare_wait, LONGEST_PREPARE_SECONDS)
        else:
            wait = LATER_SECONDS if code in LATER else UNRECORDED_SECONDS
            self._not_before[name] = time.time() + wait

    def _say(self, text: str) -> None:
        """Says a thing once, not at every tick."""
        if text != self._said:
            log(text)
            self._said = text

    def _end(self) -> None:
        children = [child for child in (self._run, self._server) if child is not None]
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


if __name__ == "__main__":
    sys.exit(Supervisor().main())
