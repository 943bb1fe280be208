"""What one member's Patroni said, and what it says over time. No I/O; time is handed in."""

from dataclasses import dataclass, replace
from typing import Any

# Two in a row: one lost answer on a busy host is no failure.
STRIKES = 2


@dataclass(frozen=True)
class Look:
    """The latest knowledge of one member.

    kind: "primary" (holds the lease and answers 200), "replica" (a running one), "standby" (leads a
    standby site), "other" (answers, and is none of these), "refused" (nothing listens), "silent" (no answer in time), "unknown" (not yet
    asked).
    strikes: how many times in a row it was refused or silent.
    kept: the kind of the last answer, when the present strikes are still forgiven.
    """

    at: float = 0.0
    kind: str = "unknown"
    strikes: int = 0
    kept: str = "unknown"
    timeline: int = 0
    # Bytes of WAL: written (primary) or replayed (replica); and the same at the look before.
    location: int = 0
    earlier: int = 0
    # Since when it is what it is.
    since: float = 0.0

    @property
    def gone(self) -> bool:
        """It did not answer, and that is no accident any more."""
        return self.kind in ("refused", "silent") and self.strikes >= STRIKES

    @property
    def role(self) -> str:
        """The last thing known: a single failure to answer changes nothing."""
        forgiven = self.kind in ("refused", "silent") and self.strikes < STRIKES
        return self.kept if forgiven else self.kind


def number(value: Any) -> int:
    """An int, 0 for whatever is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def answered(before: Look, status: int, body: dict[str, Any], now: float) -> Look:
    """After an answer of `GET /primary`, which carries the member's status whatever its code."""
    role, state = body.get("role"), body.get("state")
    if status == 200:
        kind = "primary"
    elif role == "replica" and state == "running":
        kind = "replica"
    elif role == "standby_leader" and state == "running":
        # The head of a standby site: it reads, and PostgreSQL itself refuses writes.
        kind = "standby"
    else:
        kind = "other"
    wal = body.get("xlog") if isinstance(body.get("xlog"), dict) else {}
    location = number(wal.get("location" if kind == "primary" else "replayed_location"))
    same = before.kept == kind
    return Look(
        at=now,
        kind=kind,
        kept=kind,
        timeline=number(body.get("timeline")),
        location=location,
        earlier=before.location if same else location,
        since=before.since if same else now,
    )


def failed(before: Look, kind: str, now: float) -> Look:
    """After no answer: "refused" or "silent"."""
    return replace(before, at=now, kind=kind, strikes=before.strikes + 1)
