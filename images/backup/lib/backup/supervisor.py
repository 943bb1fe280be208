"""The container's main program: pgBackRest's server, the schedule, the archive, the metrics page.

It takes no backup itself: it starts `holdfast-backup`, as a person would, so that there is one way
a run begins, ends, is locked and is recorded, and so that no run can take the server down with it.
It starts before any database node does: a node may have to restore through its server.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time

from archive import service
from engine import CLOUD, LOCAL, pgbackrest_config

from . import cluster, cron, owed, page, paths, room, schedule, state
from .errors import BackupError, NotReady, SettingsError
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
# How old what the archive's threads report may be.
REPORT_SECONDS = 10.0
PREPARE, ROOM = "prepare", "make-room"


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
        self._served = ""
        self._run: subprocess.Popen[bytes] | None = None
        self._run_name = ""
        self._not_before: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._prepare_wait: dict[str, float] = {}
        self._prepared: dict[str, float] = {}

    def settings(self) -> tuple[Settings | None, bool]:
        """The settings in force, if any, and whether they are those of the newest backup.json."""
        return self._settings, self._settings_valid

    def main(self) -> int:
        """Runs until SIGTERM."""
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        signal.signal(signal.SIGINT, lambda *_: self.stopping.set())
        signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
        paths.RUNTIME.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._tick()
        page.serve(page.Page(self.settings, cron.previous))
        service.start(lambda: self._settings)
        while not self.stopping.is_set():
            self._tick()
            paths.HEARTBEAT.touch()
            self.stopping.wait(TICK_SECONDS)
        self._end()
        return 0

    def _tick(self) -> None:
        self._read_settings()
        settings = self._settings
        if settings is None:
            return
        self._write_configuration(settings)
        self._keep_server()
        self._reap()
        try:
            self._look_after(settings)
            if self._run is None:
                self._start_due(settings)
        except (OSError, BackupError) as error:
            # A volume that is full or gone: the server and the shipping go on as they can.
            self._say("tick", str(error))

    def _read_settings(self) -> None:
        try:
            changed = paths.SETTINGS.stat().st_mtime_ns + paths.PGBACKREST_CONFIG.stat().st_mtime_ns
        except OSError as error:
            self._say("settings", f"waiting for {error.filename}")
            return
        if changed == self._read_at and not self._reload.is_set():
            return
        self._reload.clear()
        self._read_at = changed
        try:
            settings = load(paths.SETTINGS)
            for key in ("physical", "incremental", "logical", "drill"):
                cron.check(getattr(settings, key), key)
        except SettingsError as error:
            # The old settings stay in force: a typing error must not stop the backups.
            log(str(error))
            self._settings_valid = False
            return
        self._settings, self._settings_valid = settings, True
        log(
            f"repositories {', '.join(settings.repositories)}; schedule (UTC): physical "
            f"{settings.physical}, incremental {settings.incremental}, logical {settings.logical}"
        )

    def _write_configuration(self, settings: Settings) -> None:
        # The cloud's first: who finds the local file alone takes it that there is no cloud.
        if CLOUD not in settings.repositories:
            pgbackrest_config.path_of(CLOUD).unlink(missing_ok=True)
        for repository in reversed(settings.repositories):
            try:
                pgbackrest_config.write(repository, settings.stanza)
                self._said.pop(f"configuration {repository}", None)
            except BackupError as error:
                self._say(f"configuration {repository}", str(error))
        try:
            pgbackrest_config.write_other_site(settings.stanza)
        except BackupError as error:
            self._say("configuration other-site", str(error))

    def _keep_server(self) -> None:
        config = pgbackrest_config.path_of(LOCAL)
        if self._server is not None and self._server.poll() is not None:
            log(f"pgbackrest server ended with code {self._server.returncode}: starting it again")
            self._server, self._server_after = None, time.monotonic() + SERVER_RESTART_SECONDS
        try:
            text = config.read_text()
        except OSError:
            return
        if self._server is None and time.monotonic() >= self._server_after:
            self._server = subprocess.Popen(["pgbackrest", f"--config={config}", "server"])
            self._served = text
        elif self._server is not None and text != self._served:
            self._server.send_signal(signal.SIGHUP)
            self._served = text

    def _look_after(self, settings: Settings) -> None:
        """A repository that begins is remembered from now on; one that lost its stanza, too."""
        known = state.load(paths.STATE)
        # The archive's threads report every few seconds: what they saw before is no news.
        lost = {
            name
            for name, at in _without_stanza().items()
            if name in settings.repositories and at > self._prepared.get(name, 0.0)
        }
        fresh = [name for name in settings.repositories if name not in known.repositories]
        if fresh or any(known.of(name).stanza_ready for name in lost):
            with state.changing(paths.STATE) as known:
                for name in settings.repositories:
                    # A schedule owes nothing from before a repository's first day.
                    known.of(name)
                for name in lost:
                    known.of(name).stanza_ready = False
        room.keep_reserve()

    def _start_due(self, settings: Settings) -> None:
        """Starts at most one run: the local stanza before all, base backups before dumps."""
        known, now = state.load(paths.STATE), time.time()
        unready = [name for name in settings.repositories if not known.of(name).stanza_ready]
        if LOCAL in unready:
            self._start(settings, f"{LOCAL}/{PREPARE}", ["--prepare", "--repository", LOCAL])
        if settings.cloud is not None and room.short():
            self._start(settings, ROOM, ["--make-room"])
        asked = owed.gather(known)
        for job in schedule.jobs(known, settings, now, cron.previous, asked):
            if now < job.not_before:
                continue
            if job.reason and self._run is None:
                self._say(f"owed {job.repository}", f"{job.repository}: {job.reason}")
            arguments = ["--now", job.kind, "--repository", job.repository]
            self._start(settings, f"{job.repository}/{job.kind}", arguments)
        # What does not answer is asked last: its silence takes time from the others.
        for name in unready:
            if name != LOCAL:
                self._start(settings, f"{name}/{PREPARE}", ["--prepare", "--repository", name])

    def _start(self, settings: Settings, name: str, arguments: list[str]) -> None:
        if self._run is not None or time.time() < self._not_before.get(name, 0.0):
            return
        if name != ROOM:
            try:
                cluster.members(settings.nodes)
            except NotReady as error:
                self._say("cluster", str(error))
                self._not_before[name] = time.time() + LEADER_SECONDS
                return
            self._said.pop("cluster", None)
        self._run_name = name
        self._run = subprocess.Popen(["holdfast-backup", *arguments])

    def _reap(self) -> None:
        if self._run is None or self._run.poll() is None:
            return
        code, name, self._run = self._run.returncode, self._run_name, None
        if name == ROOM:
            self._not_before[name] = time.time() + UNRECORDED_SECONDS
        elif code == 0:
            self._not_before.pop(name, None)
            self._prepare_wait.pop(name, None)
            self._prepared[name.partition("/")[0]] = time.time() + REPORT_SECONDS
        elif name.endswith(PREPARE):
            wait = self._prepare_wait.get(name, PREPARE_SECONDS)
            self._not_before[name] = time.time() + wait
            self._prepare_wait[name] = min(2 * wait, LONGEST_PREPARE_SECONDS)
        else:
            wait = LATER_SECONDS if code in LATER else UNRECORDED_SECONDS
            self._not_before[name] = time.time() + wait

    def _say(self, topic: str, text: str) -> None:
        """Says a thing once, not at every tick."""
        if text != self._said.get(topic):
            log(text)
            self._said[topic] = text

    def _end(self) -> None:
        children = [child for child in (self._run, self._server) if child is not None]
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _without_stanza() -> dict[str, float]:
    """Repositories that answer and have no stanza of ours, as the archive's threads saw, and when.
    """
    try:
        facts = json.loads(paths.ARCHIVE_FACTS.read_text())
        return {
            name: float(facts["at"])
            for name, fact in facts["repositories"].items()
            if not fact.get("up", True) and fact.get("cause") == "stanza"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


if __name__ == "__main__":
    sys.exit(Supervisor().main())
