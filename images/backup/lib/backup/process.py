"""Child processes: their output to our log line by line, their last error into the exception."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping

from .errors import BackupError

# A refused S3 request is told in forty lines.
ERROR_LINES = 80
# pgBackRest's first line repeats every option: noise in a log, and never the reason of a failure.
NOISE = "command begin"
# What a program told to end may still need for cleaning up.
GOODBYE_SECONDS = 10
WATCH_SECONDS = 5.0

_children: set[subprocess.Popen[str]] = set()


class ProgramFailed(BackupError):
    """A program ended with an error, or did not end in time. `lines`: the last of its output."""

    def __init__(self, message: str, lines: list[str]) -> None:
        super().__init__(message)
        self.lines = lines


def run(
    command: list[str],
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float | None = None,
    quiet: bool = False,
    watch: Callable[[], str] | None = None,
) -> str:
    """Runs `command` to its end and returns its output; raises ProgramFailed with its last lines.

    After `timeout_seconds` it is told to end, then killed; so it is when `watch`, which is asked
    all the while, says why. `quiet`: nothing goes to the log.
    """
    tail: deque[str] = deque(maxlen=ERROR_LINES)
    output: list[str] = []
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **(environment or {})},
    )
    _children.add(child)
    watcher = _Watcher(child, watch) if watch is not None else None
    overdue = threading.Event()
    alarm = threading.Timer(timeout_seconds, _end, (child, overdue)) if timeout_seconds else None
    if alarm is not None:
        alarm.daemon = True
        alarm.start()
    try:
        for line in child.stdout or ():
            output.append(line)
            if NOISE not in line:
                tail.append(line.strip())
                if not quiet:
                    sys.stderr.write(line)
        code = child.wait()
    finally:
        if alarm is not None:
            alarm.cancel()
        if watcher is not None:
            watcher.over.set()
        _children.discard(child)
        if child.stdout is not None:
            child.stdout.close()
    lines = list(tail)
    if overdue.is_set():
        late = f"{command[0]} did not end within {timeout_seconds:.0f} s"
        raise ProgramFailed(f"{late}: {reason(lines)}", [late, *lines])
    if watcher is not None and watcher.reason and code != 0:
        # First, and alone: what the program says of its end is about the end.
        raise ProgramFailed(f"{command[0]} was ended: {watcher.reason}", [watcher.reason])
    if code != 0:
        raise ProgramFailed(f"{command[0]} ended with code {code}: {reason(lines)}", lines)
    return "".join(output)


def reason(lines: list[str]) -> str:
    """The lines from the first that names an error; all of them when none does."""
    first = next((i for i, line in enumerate(lines) if "ERROR" in line or "error:" in line), 0)
    return " ".join(lines[first:]).strip() or "no output"


class _Watcher(threading.Thread):
    """Asks every few seconds whether a program should go on."""

    def __init__(self, child: subprocess.Popen[str], watch: Callable[[], str]) -> None:
        super().__init__(name="watch", daemon=True)
        self.over = threading.Event()
        self.reason = ""
        self._child, self._watch = child, watch
        self.start()

    def run(self) -> None:
        while not self.reason and not self.over.wait(WATCH_SECONDS):
            self.reason = self._watch()
        if self.reason and not self.over.is_set():
            _end(self._child, threading.Event())


def _end(child: subprocess.Popen[str], overdue: threading.Event) -> None:
    overdue.set()
    child.terminate()
    try:
        child.wait(GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def end_children_on_termination() -> None:
    """Passes SIGTERM and SIGINT on, so that pgBackRest and pg_dump clean up after themselves."""

    def forward(number: int, _frame: object) -> None:
        for child in list(_children):
            child.send_signal(signal.SIGTERM)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
