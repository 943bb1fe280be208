"""Whether a container's supervisor still ticks: it touches a file at each tick."""

from __future__ import annotations

import time

from . import paths

SILENT_SECONDS = 30


def fault() -> str:
    """What is wrong with the supervisor's ticking; empty when nothing is."""
    try:
        age = time.time() - paths.HEARTBEAT.stat().st_mtime
    except OSError:
        return "the supervisor has not started"
    return f"the supervisor has been silent for {age:.0f} s" if age > SILENT_SECONDS else ""
