"""The PgBouncer process: start, ping, restart, stop."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from pooler.admin import AdminConsole, AdminError
from pooler.watchdog import Watchdog

PROGRAM = "/usr/sbin/pgbouncer"


def say(text: str) -> None:
    """One line to the container's log."""
    print(f"holdfast-pooler: {text}", file=sys.stderr, flush=True)


class Bouncer:
    """Keeps one PgBouncer running and answering, until `stop`.

    on_start is called after each start's first answer, before anything else uses the console.
    """

    def __init__(self, config: str, port: int, password: str, on_start: Callable[[], None]) -> None:
        self._config = config
        self._port = port
        self._password = password
        self._on_start = on_start
        self._watchdog = Watchdog()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._console: AdminConsole | None = None
        self._changed = threading.Lock()
        self.starts = 0
        self.kills = 0

    def console(self, timeout: float = 1.0) -> AdminConsole:
        """A new connection to the admin console; the caller closes it."""
        return AdminConsole(self._password, self._port, timeout)

    def healthy(self) -> bool:
        """PgBouncer answered within the watchdog's time, and is not being stopped."""
        return (
            self._watchdog.answered
            and not self._stopping.is_set()
            and self._watchdog.silent_for(time.monotonic()) < self._watchdog.silence_seconds
        )

    def signal(self, number: int) -> None:
        """Sends PgBouncer a signal, if it runs."""
        with self._changed:
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(number)

    def keep_running(self) -> None:
        """Starts PgBouncer, pings it, restarts it when it ended or hangs; returns after `stop`."""
        pause = 0.0
        while not self._stopping.is_set():
            started = time.monotonic()
            self._start()
            self._watch()
            if self._stopping.is_set():
                return
            # At once after a crash; slower when it cannot even start, for instance on a faulty
            # file.
            lived = time.monotonic() - started
            pause = min(5.0, max(0.5, pause * 2)) if lived < 5 else 0.0
            self._stopping.wait(pause)

    def _start(self) -> None:
        with self._changed:
            if self._stopping.is_set():
                return
            self._process = subprocess.Popen([PROGRAM, self._config])
            self.starts += 1
        self._watchdog.started(time.monotonic())

    def _watch(self) -> None:
        """Returns when the process has ended, killed if need be."""
        process = self._process
        while process is not None and process.poll() is None:
            first = not self._watchdog.answered
            begun = time.monotonic()
            if self._ping():
                self._watchdog.answer(time.monotonic())
                if first:
                    say(f"PgBouncer answers (pid {process.pid}, start {self.starts})")
                    self._on_start()
            if self._watchdog.tick(time.monotonic()) and not self._stopping.is_set():
                silent = self._watchdog.silent_for(time.monotonic())
                say(f"PgBouncer (pid {process.pid}) silent for {silent:.1f} s: killing it")
                self.kills += 1
                process.kill()
                process.wait()
            # Quick until the first answer: clients must not slip in before a lease is renewed.
            step = self._watchdog.tick_seconds if self._watchdog.answered else 0.02
            try:
                process.wait(max(0.0, step - (time.monotonic() - begun)))
            except subprocess.TimeoutExpired:
                pass
        if self._console is not None:
            self._console.close()
            self._console = None
        if process is not None and not self._stopping.is_set():
            say(f"PgBouncer ended ({_reason(process.returncode)})")

    def _ping(self) -> bool:
        try:
            if self._console is None:
                self._console = self.console(timeout=0.5)
            self._console.run("SHOW VERSION", timeout=0.5)
            return True
        except AdminError:
            if self._console is not None:
                self._console.close()
                self._console = None
            return False

    def stop(self, clients_seconds: float, servers_seconds: float) -> None:
        """Stops PgBouncer: no new clients; clients may leave for `clients_seconds`, transactions
        end
        within `servers_seconds`; then at once."""
        self._stopping.set()
        with self._changed:
            process = self._process
        if process is None or process.poll() is not None:
            return
        try:
            # Opened before PgBouncer stops listening.
            console = self.console()
        except AdminError:
            console = None
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + clients_seconds
        while time.monotonic() < deadline and console is not None and self._clients(console):
            if self._ended(process, 0.25):
                return
        if console is not None:
            # Clients that keep their connection wait here from now on; each is closed between two
            # transactions, so that it knows that nothing of the next one was done.
            try:
                console.run("PAUSE", servers_seconds, lambda: process.poll() is not None)
            except AdminError as error:
                say(f"transactions still open are cut: {error}")
        # The second signal of a shutdown means "at once".
        process.send_signal(signal.SIGINT)
        if not self._ended(process, 2.0):
            process.kill()
            self._ended(process, 2.0)

    def _clients(self, console: AdminConsole) -> int:
        """Clients of databases, not of the console (ours, the exporter's); 0 when unknown."""
        try:
            pools = console.run("SHOW POOLS", 1.0)
        except AdminError:
            return 0
        return sum(
            int(pool["cl_active"]) + int(pool["cl_waiting"])
            for pool in pools
            if pool["database"] != "pgbouncer"
        )

    def _ended(self, process: subprocess.Popen[bytes], seconds: float) -> bool:
        try:
            process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False


def _reason(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
