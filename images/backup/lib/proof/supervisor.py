"""The restore-drill container's main program: starts what the rotation asks for, when it does.

It proves nothing itself: it starts `holdfast-restore-drill`, as a person would, so that there is
one way a drill begins, ends, is locked and is recorded. It needs no database to run.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

from backup import cron, paths
from backup.errors import SettingsError
from backup.settings import Settings, load

from . import command, drill, rotation

TICK_SECONDS = 2.0
# The records are read for it: what is due changes by the minute at most.
LOOK_SECONDS = 20.0
# Nothing to restore yet, or a person's drill under way: look again.
LATER_SECONDS = 300.0
# A drill that ended without a record (killed, out of memory) must not be repeated at once.
UNRECORDED_SECONDS = 1800.0
STOP_SECONDS = 20.0
ALIVE = paths.HOME / "alive"
BEGUN = paths.HOME / "begun"


def log(text: str) -> None:
    """One line on the container's log."""
    print(f"holdfast-restore-drill: {text}", file=sys.stderr, flush=True)


class Supervisor:
    """Holds the one child and decides, tick by tick, whether to start the next."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._reload = threading.Event()
        self._settings: Settings | None = None
        self._read_at: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._child_is: rotation.Combination = ("", "")
        self._child_since = 0.0
        self._not_before: dict[rotation.Combination, float] = {}
        self._look_at = 0.0
        self._said = ""

    def main(self) -> int:
        """Runs until SIGTERM."""
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        signal.signal(signal.SIGINT, lambda *_: self.stopping.set())
        signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
        paths.RUNTIME.mkdir(mode=0o700, parents=True, exist_ok=True)
        while not self.stopping.is_set():
            try:
                self._tick()
            except OSError as error:
                # A full or missing volume is alerted elsewhere; ending here would help nobody.
                self._say(f"waiting: {error}")
            self.stopping.wait(TICK_SECONDS)
        self._end()
        return 0

    def _tick(self) -> None:
        paths.HEARTBEAT.touch()
        self._read_settings()
        self._reap()
        ALIVE.touch()
        if not BEGUN.exists():
            # The schedule owes nothing from before this day: write it down.
            BEGUN.touch()
        if self._settings is not None and self._child is None and time.time() >= self._look_at:
            self._look_at = time.time() + LOOK_SECONDS
            self._start_due(self._settings)

    def _read_settings(self) -> None:
        try:
            changed = paths.SETTINGS.stat().st_mtime_ns
        except OSError as error:
            self._say(f"waiting for {error.filename}")
            return
        if changed == self._read_at and not self._reload.is_set():
            return
        self._reload.clear()
        self._read_at = changed
        try:
            settings = load(paths.SETTINGS)
            cron.check(settings.drill, "drill")
        except SettingsError as error:
            # The old settings stay in force: a typing error must not stop the drills.
            log(str(error))
            return
        self._settings = settings
        self._look_at = 0.0
        log(f"schedule (UTC): {settings.drill}; repositories: {', '.join(settings.repositories)}")

    def _start_due(self, settings: Settings) -> None:
        due = drill.next_due(settings, BEGUN.stat().st_mtime, self._not_before)
        if due is None:
            return
        self._said = ""
        self._child_is, self._child_since = due, time.time()
        repository, kind = due
        log(f"starting: {repository} {kind}")
        arguments = ["--repository", repository, "--kind", kind]
        # Its progress on stderr goes to our log; the summary on stdout would say it all again.
        command_line = ["holdfast-restore-drill", *arguments]
        self._child = subprocess.Popen(command_line, stdout=subprocess.DEVNULL)

    def _reap(self) -> None:
        if self._child is None or self._child.poll() is None:
            return
        code, key, self._child = self._child.returncode, self._child_is, None
        self._look_at = 0.0
        if code in (command.NOT_READY_CODE, command.BUSY_CODE, command.REFUSED_CODE):
            self._not_before[key] = time.time() + LATER_SECONDS
        elif not self._recorded(key):
            log(f"{key[0]} {key[1]} ended with code {code} and left no record")
            self._not_before[key] = time.time() + UNRECORDED_SECONDS

    def _recorded(self, key: rotation.Combination) -> bool:
        past = rotation.history(drill.record.read_all()).get(key)
        return past is not None and past.ended is not None and past.ended >= int(self._child_since)

    def _say(self, text: str) -> None:
        """Says a thing once, not at every tick."""
        if text != self._said:
            log(text)
            self._said = text

    def _end(self) -> None:
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def main() -> int:
    """holdfast-restore-drill-supervisor."""
    return Supervisor().main()
