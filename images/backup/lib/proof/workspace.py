"""The drills' one lock, the scratch folder that it guards, and manners towards the neighbours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from backup import paths, state

from . import scratch

LOCK = paths.HOME / "drill.lock"
# The database's own work goes first, for the processor and for the disk.
NICE = 10
IO_CLASS = ["--class", "2", "--classdata", "7"]


@contextmanager
def workspace(what: str, wait_seconds: float = 0) -> Iterator[None]:
    """Holds the lock with an empty scratch folder, and leaves it empty.

    Raises Busy when another run holds it longer than `wait_seconds`. What a run that was killed
    left behind, a server included, is swept by the next one.
    """
    paths.HOME.mkdir(parents=True, exist_ok=True)
    paths.RUNTIME.mkdir(mode=0o700, parents=True, exist_ok=True)
    with state.exclusive(LOCK, what, wait_seconds):
        scratch.clean()
        try:
            yield
        finally:
            scratch.clean()


def step_back() -> None:
    """This process and all it starts take what others leave of processor and disk."""
    try:
        os.nice(NICE)
        command = ["ionice", *IO_CLASS, "--pid", str(os.getpid())]
        subprocess.run(command, check=False, capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"holdfast-restore-drill: runs without low priority: {error}", file=sys.stderr)
