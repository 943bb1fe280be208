"""Child processes: their output to our log line by line, their last error into the exception."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping

from .errors import BackupError

ERROR_LINES = 6
# pgBackRest's first line repeats every option: noise in a log, and never the reason of a failure.
NOISE = "command begin"

_children: set[subprocess.Popen[str]] = set()


def run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs `command` to its end and returns its output; raises BackupError with its last lines."""
    tail: deque[str] = deque(maxlen=ERROR_LINES)
    output: list[str] = []
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    _children.add(child)
    try:
        for line in child.stdout or ():
            output.append(line)
            if NOISE not in line:
                tail.append(line.strip())
                sys.stderr.write(line)
        code = child.wait()
    finally:
        _children.discard(child)
    if code != 0:
        raise BackupError(f"{command[0]} ended with code {code}: {_reason(tail)}")
    return "".join(output)


def _reason(tail: deque[str]) -> str:
    """The lines from the first that names an error; all of them when none does."""
    lines = list(tail)
    first = next((i for i, line in enumerate(lines) if "ERROR" in line or "error:" in line), 0)
    return " ".join(lines[first:]).strip() or "no output"


def end_children_on_termination() -> None:
    """Passes SIGTERM and SIGINT on, so that pgBackRest and pg_dump clean up after themselves."""

    def forward(number: int, _frame: object) -> None:
        for child in list(_children):
            child.send_signal(signal.SIGTERM)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
