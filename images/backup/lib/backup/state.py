"""What the volume remembers between runs, and the lock that keeps two runs apart."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import Busy


@dataclass
class Run:
    """The last run of one kind. Times are seconds since the epoch."""

    last_start: float = 0.0
    last_stop: float = 0.0
    last_success: float | None = None
    """Start of the newest run that succeeded."""
    failures: int = 0
    """Failures since that success."""
    label: str = ""
    bytes: int = 0
    duration: float = 0.0
    """Seconds, of the newest run that succeeded."""
    error: str = ""


@dataclass
class State:
    """The content of state.json."""

    created: float
    """When this repository was first used."""
    runs: dict[str, Run] = field(default_factory=dict)
    stanza_ready: bool = False
    stanza_error: str = ""


def load(path: Path, now: float | None = None) -> State:
    """Reads the state; a missing file is a repository that begins now.

    A damaged one too: what it held can be seen in the repository itself, and a crash here would
    stop every backup.
    """
    moment = time.time() if now is None else now
    try:
        body: dict[str, Any] = json.loads(path.read_text())
        runs = {kind: Run(**run) for kind, run in body["runs"].items()}
        return State(
            created=float(body["created"]),
            runs=runs,
            stanza_ready=bool(body["stanza_ready"]),
            stanza_error=str(body["stanza_error"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State(created=moment)


def save(path: Path, state: State) -> None:
    """Writes the state so that a crash leaves the old one or the new one, never half of it."""
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        json.dump(asdict(state), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def record(state: State, kind: str, start: float, stop: float, outcome: Outcome) -> None:
    """Enters a finished run of `kind`."""
    run = state.runs.setdefault(kind, Run())
    run.last_start, run.last_stop, run.error = start, stop, outcome.error
    if outcome.error:
        run.failures += 1
        return
    run.failures, run.last_success, run.duration = 0, start, stop - start
    run.label, run.bytes = outcome.label, outcome.bytes


@dataclass(frozen=True)
class Outcome:
    """How a run ended: a label and its size in the repository, or an error."""

    label: str = ""
    bytes: int = 0
    error: str = ""


@contextmanager
def exclusive(path: Path, what: str, wait_seconds: float = 0) -> Iterator[None]:
    """Holds the one lock of all runs, or raises Busy naming the run that holds it.

    The kernel lets go of it when the process ends, however it ends.
    """
    deadline = time.monotonic() + wait_seconds
    with path.open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(_holder(path)) from None
                time.sleep(0.5)
        file.truncate(0)
        file.write(json.dumps({"what": what, "pid": os.getpid(), "since": time.time()}))
        file.flush()
        yield
        file.truncate(0)


def running(path: Path) -> str | None:
    """What the lock's holder is doing, or None when nobody holds it."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except BlockingIOError:
        return str(_read(path).get("what", "unknown"))
    except OSError:
        return None


def _holder(path: Path) -> str:
    holder = _read(path)
    since = time.strftime("%H:%M:%S", time.gmtime(float(holder.get("since", 0))))
    return (
        f"another run ({holder.get('what', 'backup')}) is under way since {since} UTC: "
        "wait for it, or give --wait SECONDS"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text())
        return body if isinstance(body, dict) else {}
    except (OSError, ValueError):
        return {}
