"""Positions in the WAL: where the leader is, and whether a server has replayed that far."""

import re
from dataclasses import dataclass
from typing import Any

from routing.errors import Demoted

FORM = re.compile(r"([0-9A-F]{1,8}):([0-9A-F]{1,8})/([0-9A-F]{1,8})")

# The insert position lies behind every record written so far, flushed or not: whatever
# synchronous_commit is, it is not before the end of a commit that has returned. The first eight
# digits of a segment's name are the timeline. No row on a server that replays.
LEADERS_POSITION = """
    SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), pg_current_wal_insert_lsn()::text
    WHERE NOT pg_is_in_recovery()
"""
# Replay makes a transaction visible before it moves on, so the statement after this one sees all
# up to there, in READ COMMITTED. The alias of the replicas may lead to the leader when there is
# none (a pooler's fallback): there its own position counts.
REACHED = """
    SELECT coalesce(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                         ELSE pg_current_wal_insert_lsn() END >= %s::pg_lsn, false)
"""


@dataclass(frozen=True)
class Position:
    """A place in the history of the cluster. Text: timeline and LSN, "2:0/3000148"."""

    timeline: int
    lsn: int  # bytes

    def __str__(self) -> str:
        return f"{self.timeline:X}:{self.lsn_text}"

    @property
    def lsn_text(self) -> str:
        """As PostgreSQL writes it."""
        return f"{self.lsn >> 32:X}/{self.lsn & 0xFFFFFFFF:X}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """None for what is no position."""
        match = FORM.fullmatch(text)
        if match is None:
            return None
        timeline, high, low = (int(digits, 16) for digits in match.groups())
        return cls(timeline, high << 32 | low)


def leaders(connection: Any) -> Position:
    """The leader's position. @raises Demoted when `connection` does not reach a leader."""
    with connection.cursor() as cursor:
        cursor.execute(LEADERS_POSITION)
        row = cursor.fetchone()
    position = Position.parse(":".join(row)) if row else None
    if position is None:
        raise Demoted("the leader's address reached a server that replays")
    return position


def reached(connection: Any, position: Position | None) -> bool:
    """Whether the server has replayed `position`; with None, whether it answers."""
    lsn = position.lsn_text if position else "0/0"
    with connection.cursor() as cursor:
        cursor.execute(REACHED, [lsn])
        (so_far,) = cursor.fetchone()
    return so_far
