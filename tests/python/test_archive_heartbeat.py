"""Heartbeats: the ring, its file, a leader that changes, goes away or lost rows."""

import tempfile
import unittest
from pathlib import Path

import archive_world  # noqa: F401 (puts the image's library on the path)

import psycopg2
from archive import ring
from archive.heartbeat import Heart
from archive.ring import Beat, Ring
from backup.cluster import Member

ONE = Member("postgres-1", "10.0.0.11", 5432, True, 0)
TWO = Member("postgres-2", "10.0.0.12", 5432, True, 0)


class InRing(unittest.TestCase):
    BEATS = (Beat(10, 100, None), Beat(20, 200, None), Beat(30, 300, 1), Beat(40, 400, 2))

    def test_the_newest_that_the_wal_holds(self) -> None:
        known = Ring(self.BEATS)
        for lsn, at in ((99, None), (100, 10), (199, 10), (300, 30), (9999, 40)):
            found = known.newest_at_or_before(lsn)
            self.assertEqual(found.at if found else None, at, lsn)

    def test_one_on_another_timeline_is_passed_over(self) -> None:
        found = Ring(self.BEATS).newest_at_or_before(9999, lambda beat: beat.timeline != 2)
        self.assertEqual(found, self.BEATS[2])
        self.assertIsNone(Ring().newest_at_or_before(1))

    def test_eight_days_are_kept(self) -> None:
        known = Ring(self.BEATS)
        known.append(Beat(20 + ring.KEPT_SECONDS, 500, 2))
        self.assertEqual([beat.at for beat in known.all()], [30, 40, 20 + ring.KEPT_SECONDS])

    def test_what_continues(self) -> None:
        known = Ring(self.BEATS)
        self.assertTrue(known.continues(Beat(50, 400, 2)))
        self.assertFalse(known.continues(Beat(50, 399, 2)))
        self.assertFalse(known.continues(Beat(50, 500, 3)))
        self.assertFalse(Ring().continues(Beat(50, 500, 3)))

    def test_a_row_is_safe_with_the_wal_that_the_next_one_saw(self) -> None:
        beats = ring.from_table([(10.0, 100), (20.0, 200)], 260)
        self.assertEqual(beats, [Beat(10, 200, None), Beat(20, 260, None)])
        self.assertEqual(ring.from_table([], 5), [])


class InFile(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "heartbeats"

    def test_there_and_back(self) -> None:
        self.assertEqual(ring.read(self.path), [])
        ring.write(self.path, [Beat(10.5, 100, None)])
        ring.add(self.path, Beat(20.25, 200, 3))
        self.assertEqual(ring.read(self.path), [Beat(10.5, 100, None), Beat(20.25, 200, 3)])

    def test_a_torn_line_is_passed_over(self) -> None:
        ring.write(self.path, [Beat(10, 100, 1), Beat(20, 200, 1)])
        self.path.write_text(self.path.read_text() + "30.000 3")
        self.assertEqual(len(ring.read(self.path)), 2)
        self.path.write_text("garbage\n\n10 100 1\n20 50 1\n")
        self.assertEqual(ring.read(self.path), [Beat(10, 100, 1)])


class FakeLeader:
    """A connection to a leader with a heartbeat table."""

    def __init__(self, timeline: int = 1, lsn: int = 0x1000000, rows: list | None = None) -> None:
        self.timeline, self.lsn, self.rows = timeline, lsn, rows or []
        self.clock = 1000.0
        self.system = 7712091119208456209
        self.fault: Exception | None = None
        self.closed = 0
        self.reloads = 0
        self._answer: list[tuple] = []

    def cursor(self) -> "FakeLeader":
        """As psycopg2's."""
        return self

    def __enter__(self) -> "FakeLeader":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def execute(self, text: str, values: tuple | None = None) -> None:
        """As psycopg2's."""
        if self.fault is not None:
            raise self.fault
        if "INSERT" in text:
            self.clock += 10
            self.rows.append((self.clock, f"0/{self.lsn:X}"))
            self.lsn += 0x100
            self._answer = [(self.clock,)]
        elif "pg_walfile_name" in text:
            name = f"{self.timeline:08X}0000000000000001"
            self._answer = [(f"0/{self.lsn:X}", name, self.clock, self.system)]
        elif "DELETE" in text:
            assert values is not None
            self.rows = [row for row in self.rows if row[0] >= self.clock - values[0]]
        else:
            self.reloads += 1
            self._answer = list(self.rows)

    def fetchone(self) -> tuple:
        """As psycopg2's."""
        return self._answer[0]

    def fetchall(self) -> list[tuple]:
        """As psycopg2's."""
        return self._answer

    def close(self) -> None:
        """As psycopg2's."""
        self.closed += 1


class Beating(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "heartbeats"
        self.leader: Member | None = ONE
        self.servers = {ONE.name: FakeLeader(), TWO.name: FakeLeader(2, 0x9000000)}
        self.connected: list[tuple[str, str, bool]] = []
        self.heart = self.new_heart()

    def new_heart(self) -> Heart:
        return Heart(lambda: self.leader, self.path, self.connect)

    def connect(self, member: Member, database: str, write: bool) -> FakeLeader:
        self.connected.append((member.name, database, write))
        return self.servers[member.name]

    def test_one_connection_for_all(self) -> None:
        for _ in range(5):
            self.assertEqual(self.heart.beat("shop"), "")
        self.assertEqual(self.connected, [("postgres-1", "shop", True)])
        self.assertEqual(self.servers["postgres-1"].reloads, 1)
        self.assertEqual(len(self.heart.ring), 5)
        newest = self.heart.ring.newest
        self.assertEqual((newest.at, newest.lsn, newest.timeline), (1050.0, 0x1000500, 1))

    def test_whose_cluster_it_is_stays_known_while_nobody_leads(self) -> None:
        self.assertIsNone(self.heart.system)
        self.heart.beat("shop")
        self.leader = None
        self.assertNotEqual(self.heart.beat("shop"), "")
        self.assertEqual(self.heart.system, 7712091119208456209)
        self.servers["postgres-2"].system = 5
        self.leader = TWO
        self.heart.beat("shop")
        self.assertEqual(self.heart.system, 5)

    def test_another_leader_and_what_its_table_lost(self) -> None:
        for _ in range(3):
            self.heart.beat("shop")
        old = self.servers["postgres-1"]
        self.servers["postgres-2"].rows = old.rows[:2]
        self.leader = TWO
        self.assertEqual(self.heart.beat("shop"), "")
        self.assertEqual(old.closed, 1)
        times = [beat.at for beat in self.heart.ring.all()]
        self.assertEqual(times, [1010.0, 1020.0, 1010.0])
        self.assertEqual(self.heart.ring.newest.timeline, 2)
        self.assertEqual(ring.read(self.path), list(self.heart.ring.all()))

    def test_no_leader_and_a_fault_are_told_and_end_the_connection(self) -> None:
        self.heart.beat("shop")
        self.servers["postgres-1"].fault = psycopg2.OperationalError("server closed\nby somebody")
        self.assertEqual(self.heart.beat("shop"), "no heartbeat: server closed")
        self.assertEqual(self.servers["postgres-1"].closed, 1)
        self.leader = None
        self.assertEqual(self.heart.beat("shop"), "no heartbeat: no leader")
        self.servers["postgres-1"].fault, self.leader = None, ONE
        self.assertEqual(self.heart.beat("shop"), "")
        self.assertEqual(len(self.connected), 2)

    def test_the_ring_survives_the_container_while_nobody_leads(self) -> None:
        for _ in range(4):
            self.heart.beat("shop")
        self.leader = None
        again = self.new_heart()
        again.beat("shop")
        self.assertEqual([b.at for b in again.ring.all()], [b.at for b in self.heart.ring.all()])

    def test_old_rows_are_removed(self) -> None:
        server = self.servers["postgres-1"]
        server.rows = [(server.clock - ring.KEPT_SECONDS - 1, "0/500")]
        for _ in range(60):
            self.heart.beat("shop")
        self.assertEqual(len(server.rows), 60)

    def test_a_full_volume_stops_nothing(self) -> None:
        heart = Heart(lambda: ONE, Path("/nowhere/heartbeats"), self.connect)
        self.assertEqual((heart.beat("shop"), heart.beat("shop")), ("", ""))
        self.assertEqual(len(heart.ring), 2)


if __name__ == "__main__":
    unittest.main()
