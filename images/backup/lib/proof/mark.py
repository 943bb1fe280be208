"""Marks: what every table holds at exactly one position of the WAL (M25).

On a replica: replay is paused, the position read, a snapshot opened in each database, replay goes
on, and the tables are read in those snapshots. Only when replay then cancels the reading is it
held for as long as the reading takes. Without a replica, on the leader, in a moment in which
nothing is written: see `_quiet_position`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg2
import psycopg2.extensions

from backup.cluster import Member
from backup.errors import BackupError

from . import checksums, sessions
from .marks import Mark

# The watcher beside each PostgreSQL resumes replay when no session of this name is left.
NAME = "holdfast-mark"
# Replay may stand still for 120 s at most; what remains is for the way there and back.
HELD_SECONDS = 100.0
READ_SECONDS = 600.0
PAUSE_SECONDS = 10.0
QUIET_SECONDS = 30.0
STEP_SECONDS = 0.02

Say = Callable[[str], None]
Connection = psycopg2.extensions.connection


class NoMark(BackupError):
    """No exact mark could be taken; the message says why. Says nothing against the backups."""


def take(members: list[Member], say: Say) -> Mark:
    """Takes a mark and closes the segment that holds it, so that the archive gets it at once.

    Raises NoMark with every reason when neither a replica nor the leader gave one.
    """
    leader = next((member for member in members if member.leader), None)
    if leader is None:
        raise NoMark("the cluster has no leader")
    replicas = sorted((m for m in members if not m.leader), key=lambda member: member.lag)
    ways: list[tuple[str, Callable[[], Mark]]] = []
    for replica in replicas:
        ways.append((replica.name, lambda m=replica: _on_replica(m, False)))
        ways.append((f"{replica.name}, replay held", lambda m=replica: _on_replica(m, True)))
    ways.append((leader.name, lambda: _on_leader(leader)))
    reasons: list[str] = []
    for name, way in ways:
        try:
            return _archived(way(), leader)
        except BackupError as error:
            reasons.append(f"{name}: {error}")
            say(f"no mark from {reasons[-1]}")
    raise NoMark("; ".join(reasons))


def _archived(mark: Mark, leader: Member) -> Mark:
    """Ends the current segment on the leader; the mark gets its timeline and identifier."""
    with sessions_of([(leader, "postgres")]) as (session,):
        timeline, system = sessions.row(
            session,
            """SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), system_identifier::text
               FROM pg_control_system()""",
        )
        sessions.row(session, "SELECT pg_switch_wal()::text")
    return mark.of(int(timeline, 16), str(system))


def _on_replica(replica: Member, held: bool) -> Mark:
    with ExitStack() as stack:
        (control,) = stack.enter_context(sessions_of([(replica, "postgres")]))
        names = sessions.databases(control)
        readers = stack.enter_context(sessions_of([(replica, name) for name in names]))
        pause = ExitStack()
        with pause:
            lsn = pause.enter_context(_paused(control, replica))
            at = time.time()
            for reader in readers:
                reader.set_session(
                    isolation_level="REPEATABLE READ", readonly=True, autocommit=False
                )
                _same_position(reader, lsn)
            if not held:
                pause.close()
            return _read(names, readers, lsn, at, f"replica {replica.name}", held)


@contextmanager
def _paused(control: Connection, replica: Member) -> Iterator[str]:
    """Holds replay; gives the position behind the last record that was replayed."""
    recovering, paused = sessions.row(
        control,
        """SELECT pg_is_in_recovery(),
                  CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END""",
    )
    if not recovering:
        raise BackupError("is not a replica any more")
    if paused != "not paused":
        raise BackupError("somebody else has paused its replay")
    try:
        sessions.row(control, "SELECT pg_wal_replay_pause()::text")
        end = time.monotonic() + PAUSE_SECONDS
        while sessions.row(control, "SELECT pg_get_wal_replay_pause_state()")[0] != "paused":
            if time.monotonic() > end:
                raise BackupError(f"its replay did not pause within {PAUSE_SECONDS:.0f} s")
            time.sleep(STEP_SECONDS)
        yield str(sessions.row(control, "SELECT pg_last_wal_replay_lsn()::text")[0])
    finally:
        _resume(control, replica)


def _resume(control: Connection, replica: Member) -> None:
    try:
        sessions.row(control, "SELECT pg_wal_replay_resume()::text")
    except BackupError:
        # The session is gone, perhaps not the server. A promoted one resumes by itself.
        with sessions_of([(replica, "postgres")]) as (other,):
            if sessions.row(other, "SELECT pg_is_in_recovery()")[0]:
                sessions.row(other, "SELECT pg_wal_replay_resume()::text")


def _same_position(reader: Connection, lsn: str) -> None:
    found = str(sessions.row(reader, "SELECT pg_last_wal_replay_lsn()::text")[0])
    if found != lsn:
        raise BackupError(f"replay went on from {lsn} to {found} while it was paused")


def _on_leader(leader: Member) -> Mark:
    with ExitStack() as stack:
        (control,) = stack.enter_context(sessions_of([(leader, "postgres")]))
        names = sessions.databases(control)
        readers = stack.enter_context(sessions_of([(leader, name) for name in names]))
        lsn = _quiet_position(control, readers)
        return _read(names, readers, lsn, time.time(), f"leader {leader.name}", False)


def _quiet_position(control: Connection, readers: list[Connection]) -> str:
    """Opens a snapshot in each database that sees exactly what is committed before the position.

    Exact when no WAL was written from before the look at the locks until after the last snapshot,
    and no transaction that had begun to write was still there at that look: a transaction keeps
    the lock on its own number until after its commit can be seen.
    """
    insert = "SELECT pg_current_wal_insert_lsn()::text"
    writing = """SELECT count(*) FROM pg_locks
                 WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted"""
    end = time.monotonic() + QUIET_SECONDS
    for reader in readers:
        reader.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    while time.monotonic() < end:
        before = sessions.row(control, insert)[0]
        if sessions.row(control, writing)[0] == 0:
            # A statement's snapshot is taken before its functions run.
            if all(sessions.row(reader, insert)[0] == before for reader in readers):
                return str(before)
            for reader in readers:
                reader.rollback()
        time.sleep(STEP_SECONDS)
    raise BackupError(f"it was never without a write for a moment in {QUIET_SECONDS:.0f} s")


def _read(
    names: list[str],
    readers: list[Connection],
    lsn: str,
    at: float,
    source: str,
    held: bool,
) -> Mark:
    """Counts in the open snapshots."""
    end = time.monotonic() + (HELD_SECONDS if held else READ_SECONDS)
    tables: dict[str, list[checksums.Entry]] = {}
    heartbeat = None
    for name, reader in zip(names, readers, strict=True):
        tables[name] = checksums.of_database(reader, max(0.0, end - time.monotonic()))
        if heartbeat is None:
            heartbeat = sessions.newest_heartbeat(reader)
    return Mark(lsn, at, 0, "", source, tables, heartbeat)


@contextmanager
def sessions_of(wanted: list[tuple[Member, str]]) -> Iterator[list[Any]]:
    """Sessions named NAME, one for each (member, database), closed at the end."""
    opened: list[Connection] = []
    try:
        for member, database in wanted:
            opened.append(sessions.open_session(member, database, NAME))
        yield opened
    finally:
        for session in opened:
            session.close()
