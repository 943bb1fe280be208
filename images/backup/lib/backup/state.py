"""What the volume remembers between runs, and the lock that keeps two runs apart."""

from __future__ import annotations

import contextlib
import errno
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
    """The last run of one kind in one repository. Times are seconds since the epoch."""

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
    previous_bytes: int | None = None
    """Of the success before the newest."""
    previous_duration: float | None = None
    error: str = ""
    cause: str = ""
    """Of the error, where it is a repository's own."""


@dataclass
class Repository:
    """What is known of one repository."""

    created: float
    """When it was first used."""
    stanza_ready: bool = False
    stanza_error: str = ""
    stanza_cause: str = ""
    mended: float | None = None
    """When it was ready again after it had not been: failures before that are no reason to wait."""
    damaged: dict[str, str] = field(default_factory=dict)
    """Backups found damaged: label to the first thing that is wrong with it."""
    damaged_since: float | None = None
    """When the newest base backup among them was found: a full one that began later heals it."""
    damaged_dump_since: float | None = None
    """The same for dumps."""


@dataclass
class State:
    """The content of state.json."""

    created: float
    """When this volume was first used."""
    runs: dict[str, Run] = field(default_factory=dict)
    """By `<repository>/<kind>`: local/full, cloud/diff, local/logical, …"""
    repositories: dict[str, Repository] = field(default_factory=dict)

    def of(self, repository: str) -> Repository:
        """What is known of a repository; one not seen yet begins now."""
        return self.repositories.setdefault(repository, Repository(created=time.time()))


def key(repository: str, kind: str) -> str:
    """Name of a run: `cloud/full`."""
    return f"{repository}/{kind}"


def load(path: Path, now: float | None = None) -> State:
    """Reads the state; a missing file is a repository that begins now.

    A damaged one too: what it held can be seen in the repository itself, and a crash here would
    stop every backup.
    """
    moment = time.time() if now is None else now
    try:
        body: dict[str, Any] = json.loads(path.read_text())
        runs = {name: Run(**run) for name, run in body["runs"].items()}
        known = {name: Repository(**item) for name, item in body["repositories"].items()}
        return State(created=float(body["created"]), runs=runs, repositories=known)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State(created=moment)


def save(path: Path, state: State) -> None:
    """Writes the state so that a crash leaves the old one or the new one, never half of it."""
    text = json.dumps(asdict(state), indent=2)
    try:
        _write(path, text)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        # A full volume must not make us forget: this is what the reserve is for.
        reserve_of(path).unlink(missing_ok=True)
        _write(path, text)


def reserve_of(path: Path) -> Path:
    """The file beside the state that is given up when the volume is full."""
    return path.with_name("reserve")


@contextmanager
def changing(path: Path) -> Iterator[State]:
    """Loads the state, and saves what the body made of it; one process at a time."""
    with path.with_name(path.name + ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = load(path)
        yield known
        save(path, known)


def record(state: State, name: str, start: float, stop: float, outcome: Outcome) -> None:
    """Enters a finished run, `name` as of `key`."""
    run = state.runs.setdefault(name, Run())
    run.last_start, run.last_stop = start, stop
    run.error, run.cause = outcome.error, outcome.cause
    if outcome.error:
        run.failures += 1
        return
    if run.last_success is not None:
        run.previous_bytes, run.previous_duration = run.bytes, run.duration
    run.failures, run.last_success, run.duration = 0, start, stop - start
    run.label, run.bytes = outcome.label, outcome.bytes


@dataclass(frozen=True)
class Outcome:
    """How a run ended: a label and its size in the repository, or an error."""

    label: str = ""
    bytes: int = 0
    error: str = ""
    cause: str = ""


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
        # Who holds it is a courtesy: on a full volume nobody can be told.
        with contextlib.suppress(OSError):
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


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
