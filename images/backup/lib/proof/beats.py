"""What the heartbeat rows (every 10 s, M25) prove in a restored copy.

They are the marker: the newest one before a point is there, the next one after it is not. And the
measure: how old the newest one is that could be had back.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from archive import names
from archive.continuity import Judgement
from backup.cluster import Member
from backup.errors import BackupError

from . import sessions
from .checks import Findings
from .marks import Mark
from .scratch import Scratch
from .sessions import Heartbeat
from .times import iso

# Heartbeats come every 10 s; after three times that the next one is not coming.
NEXT_SECONDS = 30.0
STEP_SECONDS = 1.0
# A heartbeat's time is taken just before its commit: within this of a target either may be right.
EDGE_SECONDS = 1.0
NAME = "holdfast-restore-drill"


def at_mark(server: Scratch, point: Mark, members: list[Member], found: Findings) -> None:
    """At the mark: its heartbeat is the copy's newest, and the next one exists, elsewhere only."""
    if point.heartbeat is None:
        found.not_made("marker", "the cluster wrote no heartbeat before the mark")
        return
    newest = in_copy(server)
    expected, faults = point.heartbeat, []
    if newest is None or newest.id < expected.id:
        have = iso(newest.at) if newest else "none"
        faults.append(f"the heartbeat of {iso(expected.at)} is not there; the newest is {have}")
    elif newest.id > expected.id:
        faults.append(
            f"a heartbeat of {iso(newest.at)} is there, after the mark of {iso(point.at)}"
        )
    found.present_at = expected.at
    later = _after(members, expected)
    found.absent_at = later.at if later else None
    without = f", that of {iso(later.at)} is not" if later else "; no later one is known"
    found.add("marker at mark", faults, f"the heartbeat of {iso(expected.at)} is there{without}")


def at_end(server: Scratch, before: Judgement, started: float, found: Findings) -> None:
    """At the archive's end: how old was, when the drill began, what could be had back?"""
    newest = in_copy(server)
    if newest is None:
        found.not_made("recovery point", "the copy holds no heartbeat")
        return
    found.recovered_to = newest.at
    # What arrived after the beginning, the mark's own segment above all, does not count.
    end = names.format_lsn(before.end or 0)
    then = in_copy(server, "lsn < %s::pg_lsn", end)
    faults = [] if then else [f"no heartbeat lies before {end}, the archive's end at the beginning"]
    if then:
        found.rpo = round(max(0.0, started - then.at), 3)
    good = f"{found.rpo or 0:.1f} s would have been lost at the drill's beginning"
    found.add("recovery point", faults, good)


def at_time(server: Scratch, to: float, members: list[Member], found: Findings) -> None:
    """At a time that was asked for: the last heartbeat before it is there, none after it."""
    newest, faults = in_copy(server), []
    if newest is None:
        found.not_made("marker", "the copy holds no heartbeat")
        return
    found.present_at = found.recovered_to = newest.at
    if newest.at > to:
        faults.append(f"a heartbeat of {iso(newest.at)} is there, after {iso(to)}")
    expected, later = _around(members, to)
    if expected is not None and newest.at < expected.at:
        faults.append(
            f"the heartbeat of {iso(expected.at)} is missing; the newest is {iso(newest.at)}"
        )
    found.absent_at = later.at if later else None
    without = f", that of {iso(later.at)} is not" if later else "; no later one is known"
    found.add("marker", faults, f"the heartbeat of {iso(newest.at)} is there{without}")


def in_copy(server: Scratch, condition: str = "true", *values: object) -> Heartbeat | None:
    """The newest heartbeat in whichever database of the copy holds them."""
    listed = server.ask(
        "SELECT array_agg(datname::text) FROM pg_database WHERE datallowconn AND NOT datistemplate"
    )
    best: Heartbeat | None = None
    for database in listed or []:
        connection = server.connect(database)
        try:
            beat = sessions.newest_heartbeat(connection, condition, *values)
        finally:
            connection.close()
        if beat is not None and (best is None or beat.at > best.at):
            best = beat
    return best


def _after(members: list[Member], beat: Heartbeat) -> Heartbeat | None:
    """A later heartbeat on the leader; waits for one that is about to be written."""
    end = time.monotonic() + NEXT_SECONDS
    while members:
        later = _on_leader(members, sessions.oldest_heartbeat, "id > %s", beat.id)
        if later is not None or time.monotonic() > end:
            return later
        time.sleep(STEP_SECONDS)
    return None


def _around(members: list[Member], to: float) -> tuple[Heartbeat | None, Heartbeat | None]:
    """The leader's last heartbeat clearly before `to`, and one clearly after it."""
    early, late = "at <= to_timestamp(%s)", "at > to_timestamp(%s)"
    before = _on_leader(members, sessions.newest_heartbeat, early, to - EDGE_SECONDS)
    return before, _on_leader(members, sessions.oldest_heartbeat, late, to + EDGE_SECONDS)


def _on_leader(
    members: list[Member],
    look: Callable[..., Heartbeat | None],
    condition: str,
    value: object,
) -> Heartbeat | None:
    for leader in (member for member in members if member.leader):
        try:
            control = sessions.open_session(leader, "postgres", NAME)
            listed = sessions.databases(control)
            control.close()
            for database in listed:
                connection = sessions.open_session(leader, database, NAME)
                try:
                    beat = look(connection, condition, value)
                finally:
                    connection.close()
                if beat is not None:
                    return beat
        except BackupError:
            return None
    return None
