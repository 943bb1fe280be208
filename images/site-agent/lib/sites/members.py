"""What Patroni says of this site's members."""

import http.client
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from sites.lsn import text

PATRONI_PORT = 8008
# A healthy Patroni answers in milliseconds; an address nobody has never does.
ANSWER_SECONDS = 1.0
# How long one that answered once is asked each time; how often the whole range is.
KNOWN_SECONDS = 60.0
ABSENT_SECONDS = 10.0


@dataclass(frozen=True)
class Member:
    """One member that answered. position: written by a primary, else replayed; received: by a standby."""

    address: str
    name: str = ""
    role: str = ""
    state: str = ""
    timeline: int = 0
    position: int = 0
    received: int = 0
    replication: str = ""
    # Of the last transaction that a standby replayed; seconds since 1970.
    replayed_at: float | None = None


@dataclass(frozen=True)
class Cluster:
    """All members that answered."""

    members: tuple[Member, ...] = field(default_factory=tuple)

    @property
    def leader(self) -> Member | None:
        """The primary or the standby leader; of two primaries the one on the higher timeline."""
        leading = [m for m in self.members if m.role in ("primary", "master", "standby_leader")]
        return max(leading, key=lambda m: (m.role != "standby_leader", m.timeline), default=None)

    @property
    def primary(self) -> Member | None:
        """A member that runs and takes writes."""
        lead = self.leader
        return lead if lead and lead.role != "standby_leader" and lead.state == "running" else None

    @property
    def standby_leader(self) -> Member | None:
        """The head of a standby cluster, running."""
        lead = self.leader
        return lead if lead and lead.role == "standby_leader" and lead.state == "running" else None

    @property
    def replicas(self) -> int:
        """Members that run as replicas of this site's leader."""
        return sum(m.role == "replica" and m.state == "running" for m in self.members)


class Look:
    """Asks all members at once; those that are not there, which cost an answer's whole time, seldom."""

    def __init__(
        self, ask: Callable[[str], "Member | None"] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._ask, self._monotonic = ask or _ask, monotonic
        self._answered: dict[str, float] = {}
        self._all_at = float("-inf")
        self._pool = ThreadPoolExecutor(max_workers=16)

    def __call__(self, addresses: Sequence[str]) -> Cluster:
        now = self._monotonic()
        known = [a for a in addresses if now - self._answered.get(a, float("-inf")) < KNOWN_SECONDS]
        asked: Sequence[str] = known
        if not known or now - self._all_at >= ABSENT_SECONDS:
            asked, self._all_at = addresses, now
        found = [m for m in self._pool.map(self._ask, asked) if m is not None]
        self._answered.update({member.address: now for member in found})
        return Cluster(tuple(found))


def _ask(address: str) -> Member | None:
    connection = http.client.HTTPConnection(address, PATRONI_PORT, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/patroni")
        body = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return parse(address, body) if isinstance(body, dict) else None


def parse(address: str, body: dict) -> Member:
    """A member from its own answer to GET /patroni. Pure."""
    wal = body.get("xlog") if isinstance(body.get("xlog"), dict) else {}
    named = body.get("patroni") if isinstance(body.get("patroni"), dict) else {}
    return Member(
        address=address,
        name=str(named.get("name") or ""),
        role=str(body.get("role") or ""),
        state=str(body.get("state") or ""),
        timeline=_number(body.get("timeline")),
        position=_number(wal.get("location")) or _number(wal.get("replayed_location")),
        received=_number(wal.get("received_location")),
        replication=str(body.get("replication_state") or ""),
        replayed_at=_time(wal.get("replayed_timestamp")),
    )


def shown(position: int) -> str:
    """A position for people; empty for none."""
    return text(position) if position else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _time(value: object) -> float | None:
    """Patroni's `2026-11-28 17:00:00.123+00:00`."""
    try:
        return datetime.fromisoformat(str(value)).timestamp() if value else None
    except ValueError:
        return None
