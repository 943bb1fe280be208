"""Marks: replay is never left paused, and a position is taken only where it is exact."""

import os
import shutil
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import stand_ins
from image_paths import use

use("backup")
stand_ins.stand_in()

from backup.cluster import Member  # noqa: E402
from backup.errors import BackupError  # noqa: E402
from proof import checksums, mark, marks, sessions  # noqa: E402
from proof.sessions import Heartbeat  # noqa: E402

LEADER = Member("postgres-1", "h1", 5432, True, 0)
LATE = Member("postgres-2", "h2", 5432, False, 900)
NEAR = Member("postgres-3", "h3", 5432, False, 10)
ENTRY = {"schema": "public", "table": "t", "kind": "table", "rows": 1, "checksum": "5"}


class World:
    """Servers by name, as far as a mark asks them."""

    def __init__(self):
        self.state = dict.fromkeys(("postgres-1", "postgres-2", "postgres-3"), "not paused")
        self.log = []
        self.unreachable = set()
        self.failing = set()
        self.conflicting = set()
        self.writing = [0]
        self.inserted = ["0/500"]

    def open_session(self, member, database, name):
        if member.name in self.unreachable:
            raise BackupError(f"cannot connect to {member.name}")
        session = mock.Mock(member=member.name, database=database, application=name)
        session.autocommit = True
        return session

    def row(self, session, text, *_values):
        name = session.member
        if name in self.failing and "replay_lsn" in text:
            raise BackupError("connection lost")
        if "pg_wal_replay_pause" in text and "state" not in text:
            self.state[name] = "paused"
            self.log.append(("pause", name))
            return ("",)
        if "pg_wal_replay_resume" in text:
            self.state[name] = "not paused"
            self.log.append(("resume", name))
            return ("",)
        if "CASE WHEN pg_is_in_recovery" in text:
            return (name != "postgres-1", self.state[name])
        if "pg_get_wal_replay_pause_state" in text:
            return (self.state[name],)
        if "replay_lsn" in text:
            return ("0/300",)
        if "insert_lsn" in text:
            return (self.inserted.pop(0) if len(self.inserted) > 1 else self.inserted[0],)
        if "pg_locks" in text:
            return (self.writing.pop(0) if len(self.writing) > 1 else self.writing[0],)
        if "array_agg" in text:
            return (["shop"],)
        if "system_identifier" in text:
            return ("0000000A", "77")
        if "pg_switch_wal" in text:
            self.log.append(("switch", name))
            return ("",)
        raise AssertionError(text)

    def count(self, session, _budget):
        self.log.append(("count", session.member, self.state[session.member]))
        if session.member in self.conflicting and self.state[session.member] != "paused":
            raise BackupError("canceling statement due to conflict with recovery")
        return [ENTRY]


class Take(unittest.TestCase):
    def setUp(self):
        self.world = World()
        for target, name, value in (
            (sessions, "open_session", self.world.open_session),
            (sessions, "row", self.world.row),
            (sessions, "newest_heartbeat", lambda _session: Heartbeat(3, 1.0, "0/200")),
            (checksums, "of_database", self.world.count),
            (mark, "QUIET_SECONDS", 0.3),
            (mark, "STEP_SECONDS", 0.001),
        ):
            patch = mock.patch.object(target, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.said = []

    def take(self, *members):
        return mark.take(list(members), self.said.append)

    def test_the_least_late_replica_pauses_for_a_moment_only(self):
        point = self.take(LEADER, LATE, NEAR)
        self.assertEqual(
            self.world.log,
            [
                ("pause", "postgres-3"),
                ("resume", "postgres-3"),
                ("count", "postgres-3", "not paused"),
                ("switch", "postgres-1"),
            ],
        )
        self.assertEqual((point.lsn, point.timeline, point.system), ("0/300", 10, "77"))
        self.assertEqual(point.tables, {"shop": [ENTRY]})
        self.assertEqual(point.source, "replica postgres-3")

    def test_it_is_held_while_counting_when_replay_cancels_the_counting(self):
        self.world.conflicting = {"postgres-3"}
        self.take(LEADER, NEAR)
        self.assertIn(("count", "postgres-3", "paused"), self.world.log)
        self.assertEqual(self.world.state["postgres-3"], "not paused")

    def test_replay_goes_on_whatever_happens(self):
        self.world.failing = {"postgres-3"}
        self.take(LEADER, NEAR, LATE)
        self.assertEqual(set(self.world.state.values()), {"not paused"})
        self.assertIn(("resume", "postgres-3"), self.world.log)

    def test_a_pause_that_is_somebody_elses_stays(self):
        self.world.state["postgres-3"] = "paused"
        point = self.take(LEADER, NEAR, LATE)
        self.assertEqual(point.source, "replica postgres-2")
        self.assertEqual(self.world.state["postgres-3"], "paused")

    def test_without_a_replica_the_leader_in_a_quiet_moment(self):
        self.world.writing = [2, 0]
        point = self.take(LEADER)
        self.assertEqual((point.lsn, point.source), ("0/500", "leader postgres-1"))

    def test_the_leader_is_not_quiet_while_wal_is_written(self):
        self.world.inserted = ["0/500", "0/508", "0/510", "0/510"]
        self.assertEqual(self.take(LEADER).lsn, "0/510")

    def test_a_leader_that_always_writes_gives_none_and_says_so(self):
        self.world.writing = [1]
        self.world.unreachable = {"postgres-3"}
        with self.assertRaisesRegex(mark.NoMark, "never without a write") as caught:
            self.take(LEADER, NEAR)
        self.assertIn("cannot connect to postgres-3", str(caught.exception))

    def test_nobody_is_asked_without_a_leader(self):
        with self.assertRaises(mark.NoMark):
            self.take(NEAR)
        self.assertEqual(self.world.log, [])


class Kept(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def point(self, at):
        return marks.Mark(
            "0/300", at, 2, "77", "replica x", {"shop": [ENTRY]}, Heartbeat(1, 2.5, "0/2")
        )

    def test_what_is_stored_is_what_is_read(self):
        path = marks.store(self.point(1795612131.5), self.folder)
        self.assertEqual(path.name, "20261125T130851Z.json")
        self.assertEqual(marks.load(path), self.point(1795612131.5))

    def test_the_newest_that_serves(self):
        for at in (1000.0, 2000.0, 3000.0):
            marks.store(self.point(at), self.folder)
        self.assertEqual(marks.newest(lambda m: m.at < 2500, self.folder).at, 2000.0)
        self.assertIsNone(marks.newest(lambda _m: False, self.folder))

    def test_a_damaged_one_is_passed_over(self):
        marks.store(self.point(1000.0), self.folder)
        (self.folder / "20991125T130851Z.json").write_text('{"lsn": 1')
        self.assertEqual(marks.newest(lambda _m: True, self.folder).at, 1000.0)

    def test_after_eight_days_it_goes(self):

        old = marks.store(self.point(1000.0), self.folder)
        young = marks.store(self.point(2000.0), self.folder)
        now = time.time()
        os.utime(old, (now - 8 * 86400 - 60,) * 2)
        os.utime(young, (now - 8 * 86400 + 60,) * 2)
        newest = marks.store(self.point(3000.0), self.folder)
        self.assertEqual(set(self.folder.iterdir()), {young, newest})


if __name__ == "__main__":
    unittest.main()
