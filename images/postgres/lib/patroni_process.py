"""The Patroni process: started anew under a PostgreSQL that goes on, and the fence around both.

A Patroni that was killed, or hangs, costs no write: PostgreSQL runs on, and the new one adopts it.
But a leader's PostgreSQL without a Patroni is a leader whose lease runs out. So where a new one does
not answer either, the container ends, and PostgreSQL with it, before the lease does.
"""

import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from facts import PATRONI_PORT

POSTMASTER_PID = Path("/var/lib/postgresql/17/main/postmaster.pid")
CHECK_SECONDS = 1.0
# Twice that, a hung one and its successor, is less than the shortest lease (ttl 20 s).
SILENT_CHECKS = 8
# A Patroni that ends again and again is no accident.
RENEWALS = 3
RENEWALS_WINDOW_SECONDS = 300.0
# Before a restore: an orderly end archives the last WAL, and is not worth more than that.
END_SECONDS = 60.0


def judge(
    code: int | None, postgres_runs: bool, answered: bool, silent: int, renewals: int
) -> str:
    """"go on", "renew" (a new Patroni under the running PostgreSQL) or "end". Pure.

    Args:
        code: its exit code, None while it runs.
        answered: it has answered since its start.
        silent: checks in a row without an answer.
        renewals: within the last RENEWALS_WINDOW_SECONDS.
    """
    if code is None:
        if silent < SILENT_CHECKS or not postgres_runs:
            # Without PostgreSQL it may be waiting for etcd, and nothing has to be fenced.
            return "go on"
        return "renew" if answered and renewals < RENEWALS else "end"
    killed = code < 0 and code != -signal.SIGTERM
    return "renew" if killed and postgres_runs and renewals < RENEWALS else "end"


def is_running(pid_file: Path = POSTMASTER_PID, program: str = "postgres") -> bool:
    """PostgreSQL's own process file names a process that exists."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    try:
        # Of a container that was killed the file outlives the process; the number may be another's.
        return Path(f"/proc/{pid}/comm").read_text().strip() == program
    except OSError:
        return False


def signal_postmaster(number: int) -> None:
    """SIGINT is PostgreSQL's fast end, SIGQUIT its immediate one."""
    try:
        os.kill(int(POSTMASTER_PID.read_text().split("\n", 1)[0]), number)
    except (OSError, ValueError):
        return


def answers() -> bool:
    """Patroni's API answers and its loop turns: 503 says that it has stood still for a lease's time,
    and then no other member leads, for each still hears this one."""
    connection = http.client.HTTPConnection("127.0.0.1", PATRONI_PORT, timeout=CHECK_SECONDS)
    try:
        connection.request("GET", "/liveness")
        return connection.getresponse().status != 503
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class PatroniProcess:
    """Starts Patroni and tends it; `tend` is called often."""

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self._folder = folder
        self._log = log
        self._process: subprocess.Popen | None = None
        self._checked = False
        self._answered = False
        self._silent = 0
        self._waiting: int | None = None
        self._renewals: list[float] = []

    def start(self, output: int | None = None) -> None:
        """A start without a PostgreSQL that runs, and the checks.

        Args:
            output: a descriptor for what it and PostgreSQL write. @default this program's own
        """
        self._spawn(output)
        if not self._checked:
            self._checked = True
            threading.Thread(target=self._check, name="patroni", daemon=True).start()

    @property
    def started(self) -> bool:
        """It was started, and not ended by `end`."""
        return self._process is not None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        assert self._process
        return self._process.poll()

    def renew(self, reason: str) -> None:
        """A new Patroni. SIGKILL, for an orderly end would stop PostgreSQL too."""
        assert self._process
        self._log(f"{reason}: starting Patroni anew, PostgreSQL goes on")
        self._renewals.append(time.monotonic())
        self._process.kill()
        self._process.wait()
        self._spawn()

    def tend(self) -> int | None:
        """None while all goes on; else the exit code that the container must end with."""
        if self._process is None:
            return None
        code = self._process.poll()
        since = time.monotonic() - RENEWALS_WINDOW_SECONDS
        self._renewals = [at for at in self._renewals if at > since]
        verdict = judge(code, is_running(), self._answered, self._silent, len(self._renewals))
        what = f"Patroni ended with {code}" if code is not None else "Patroni gives no answer"
        if verdict == "renew":
            self.renew(what)
        elif verdict == "end":
            self._log(f"{what}; the container ends with it")
            return code or 1
        return None

    def signal(self, number: int) -> None:
        """Sends it a signal, if it runs; to one that has just been started with its first answer,
        for before it has its handlers a SIGHUP would end it."""
        if self._process and self._process.poll() is None:
            if self._answered:
                self._process.send_signal(number)
            else:
                self._waiting = number

    def stop(self) -> int:
        """Patroni's own orderly stop, with PostgreSQL's. Returns its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait()

    def end(self) -> None:
        """Patroni and PostgreSQL are gone when this returns: in order, else by force.

        A Patroni that is paused, or was killed, leaves PostgreSQL running.
        """
        process, self._process = self._process, None
        if process:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._log("Patroni does not end: killed")
                process.kill()
                process.wait()
        for number, seconds in ((signal.SIGINT, END_SECONDS), (signal.SIGQUIT, 10.0)):
            if not is_running():
                return
            self._log(f"PostgreSQL runs on: {signal.Signals(number).name}")
            signal_postmaster(number)
            end = time.monotonic() + seconds
            while is_running() and time.monotonic() < end:
                time.sleep(0.1)
        if is_running():
            signal_postmaster(signal.SIGKILL)
            time.sleep(1)

    def _spawn(self, output: int | None = None) -> None:
        self._answered, self._silent = False, 0
        command = ["patroni", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=output, stderr=output)

    def _check(self) -> None:
        # Counted in checks, not in seconds: while the container is paused nobody checks.
        while True:
            begin = time.monotonic()
            if answers():
                self._answered, self._silent = True, 0
                number, self._waiting = self._waiting, None
                if number is not None:
                    self.signal(number)
            else:
                self._silent += 1
            time.sleep(max(0.0, CHECK_SECONDS - (time.monotonic() - begin)))
