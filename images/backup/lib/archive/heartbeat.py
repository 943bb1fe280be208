"""A row every 10 s on the leader: the marker of drills, the measure of the recovery point (M25).

It is also the commit after every point in time that somebody may want to recover to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

from backup.cluster import Member

from . import names, ring, sql
from .ring import Beat, Ring

# Each deletes a handful of rows; the table is read whole for it.
TIDY_EVERY = 60
INSERT = """
INSERT INTO holdfast.heartbeat (at, lsn) VALUES (clock_timestamp(), pg_current_wal_insert_lsn())
RETURNING extract(epoch FROM at)::float8
"""
POSITION = """
SELECT pg_current_wal_flush_lsn()::text, pg_walfile_name(pg_current_wal_flush_lsn()),
       extract(epoch FROM clock_timestamp())::float8,
       (SELECT system_identifier FROM pg_control_system())
"""
ROWS = "SELECT extract(epoch FROM at)::float8, lsn::text FROM holdfast.heartbeat ORDER BY id"
TIDY = "DELETE FROM holdfast.heartbeat WHERE at < clock_timestamp() - make_interval(secs => %s)"


class Heart:
    """Beats on the leader, which `leader` names (None: there is none). One thread's own."""

    def __init__(
        self,
        leader: Callable[[], Member | None],
        file: Path,
        connect: Callable[[Member, str, bool], Any] = sql.connect,
    ) -> None:
        self.ring = Ring(ring.read(file))
        self.skew: float | None = None
        """Seconds by which this container's clock is ahead of the leader's."""
        self.system: int | None = None
        """System identifier of the cluster whose leader last took a heartbeat."""
        self._leader = leader
        self._file = file
        self._connect = connect
        self._connection: Any = None
        self._at: tuple[Member, str] | None = None
        self._count = 0

    def beat(self, database: str) -> str:
        """One heartbeat. Returns what is in the way, empty when it was written."""
        try:
            leader = self._leader()
            if leader is None:
                raise psycopg2.OperationalError("no leader")
            self._beat(self._ready(leader, database))
            return ""
        except (psycopg2.Error, OSError, ValueError) as error:
            self.close()
            return f"no heartbeat: {sql.said(error)}"

    def close(self) -> None:
        """Ends the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ready(self, leader: Member, database: str) -> Any:
        if self._at != (leader, database):
            self.close()
        if self._connection is None:
            self._connection = self._connect(leader, database, True)
            self._at = (leader, database)
        return self._connection

    def _beat(self, connection: Any) -> None:
        (at,) = sql.row(connection, INSERT)
        before = time.time()
        lsn, file, clock, system = sql.row(connection, POSITION)
        self.skew = (before + time.time()) / 2 - clock
        self.system = int(system)
        beat = Beat(at, names.parse_lsn(lsn), int(file[:8], 16))
        if self.ring.continues(beat):
            self.ring.append(beat)
            self._keep(lambda: ring.add(self._file, beat))
        else:
            # Another timeline, or a first look: what the table lost, nobody can recover.
            self._reload(connection, beat)
        self._count += 1
        if self._count % TIDY_EVERY == 0:
            with connection.cursor() as cursor:
                cursor.execute(TIDY, (ring.KEPT_SECONDS,))
            self._keep(lambda: ring.write(self._file, self.ring.all()))

    def _reload(self, connection: Any, beat: Beat) -> None:
        with connection.cursor() as cursor:
            cursor.execute(ROWS)
            rows = [(at, names.parse_lsn(lsn)) for at, lsn in cursor.fetchall()]
        beats = ring.from_table(rows, beat.lsn)
        self.ring.replace([*beats[:-1], beat])
        self._keep(lambda: ring.write(self._file, self.ring.all()))

    def _keep(self, store: Callable[[], None]) -> None:
        """The file is a help for a bad day: a full volume must not stop the heart."""
        try:
            store()
        except OSError:
            return
