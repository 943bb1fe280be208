"""Who may keep clients waiting, and until when. No I/O; the clock is handed in."""

import threading
from collections.abc import Callable
from dataclasses import dataclass


class Conflict(Exception):
    """Another owner holds the lease; `remaining` is what is left of it, in seconds."""

    def __init__(self, owner: str, remaining: float) -> None:
        super().__init__(f"held by {owner!r} for another {remaining:.1f} s")
        self.owner = owner
        self.remaining = remaining


@dataclass(frozen=True)
class Held:
    """A lease in force; `expires_at` is on the clock that was handed in."""

    owner: str
    databases: tuple[str, ...]
    expires_at: float


class Lease:
    """One owner at a time holds PAUSE; it lapses by itself unless the owner renews it.

    Safe to use from several threads. `clock` returns seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Held | None = None

    def take(self, owner: str, databases: tuple[str, ...], seconds: float) -> bool:
        """Takes or renews the lease for `seconds` from now; True = the same owner held it already.

        A renewal keeps what is paused. Raises Conflict when another owner holds it, also one whose
        time is over but which `lapsed` has not collected: its databases are still paused then.
        """
        with self._lock:
            held = self._held
            if held is not None and held.owner != owner:
                raise Conflict(held.owner, max(0.0, held.expires_at - self._clock()))
            kept = databases if held is None else held.databases
            self._held = Held(owner, kept, self._clock() + seconds)
            return held is not None

    def extend(self, owner: str, seconds: float) -> bool:
        """Lets the lease end `seconds` from now; False, and nothing done, unless `owner` holds
        it."""
        with self._lock:
            held = self._held
            if held is None or held.owner != owner:
                return False
            self._held = Held(owner, held.databases, self._clock() + seconds)
            return True

    def give_back(self, owner: str) -> Held | None:
        """Ends the lease; returns what it was, or None when there was none. Raises Conflict."""
        with self._lock:
            held = self._held
            if held is not None and held.owner != owner:
                raise Conflict(held.owner, max(0.0, held.expires_at - self._clock()))
            self._held = None
            return held

    def lapsed(self) -> Held | None:
        """The lease if it has run out: removed and returned once, so that one caller resumes."""
        with self._lock:
            held = self._held
            if held is None or held.expires_at > self._clock():
                return None
            self._held = None
            return held

    def current(self) -> Held | None:
        """The lease in force, or None."""
        with self._lock:
            held = self._held
            return held if held is not None and held.expires_at > self._clock() else None

    def remaining(self) -> float:
        """Seconds until the lease in force ends; 0 without one."""
        held = self.current()
        return 0.0 if held is None else max(0.0, held.expires_at - self._clock())
