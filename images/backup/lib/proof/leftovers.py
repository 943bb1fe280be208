"""Processes that outlive a restore: a scratch server whose drill was killed, and WAL being fetched.

pgBackRest fetches ahead in a process of its own, which goes on for a while when nobody needs WAL
any more, and would write into the next restore's scratch space.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

PROCESSES = Path("/proc")
FETCHING = b"archive-get:async"
STEP_SECONDS = 0.1
END_SECONDS = 10


def end(scratch: Path) -> None:
    """Ends both. Needs the workspace's lock: with it, whatever still runs is left over."""
    for file in scratch.glob("*/postmaster.pid"):
        _end_server(file)
    for pid in fetching():
        _end(pid, signal.SIGTERM)


def fetching(processes: Path = PROCESSES) -> list[int]:
    """Ids of the processes in this container that fetch WAL ahead."""
    found = []
    for folder in processes.iterdir():
        if folder.name.isdigit():
            command = _command(folder)
            if command[0].endswith(b"pgbackrest") and FETCHING in command:
                found.append(int(folder.name))
    return sorted(found)


def _end_server(file: Path) -> None:
    """Ends the server whose pid file this is, if that process is a server on this very folder."""
    try:
        pid = int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if str(file.parent).encode() in _command(PROCESSES / str(pid)):
        _end(pid, signal.SIGQUIT)


def _end(pid: int, asked: signal.Signals) -> None:
    for number in (asked, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + END_SECONDS
        while _command(PROCESSES / str(pid)) != [b""] and time.monotonic() < until:
            time.sleep(STEP_SECONDS)


def _command(process: Path) -> list[bytes]:
    """Its command line; one empty word when it has ended."""
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return [b""]
