"""archive.json and backup-owed.json; the queues; what the threads say and survive."""

import json
import tempfile
import unittest
from pathlib import Path

from archive_world import base_backup, history, wal
from test_archive_ship import LEADER, REPLICA, Shop

import psycopg2
from archive import facts, names, queue, service
from archive.ring import Beat, Ring


def beats(*pairs: tuple[float, int], timeline: int | None = None) -> Ring:
    """A ring of (time, number of the segment that ends with it)."""
    return Ring(Beat(at, names.start_of(n + 1), timeline) for at, n in pairs)


class Report(Shop):
    def report(self, ring: Ring) -> dict:
        content = facts.report(
            self.shipper, ring, self.now, queues={"postgres-1": 2}, queue_limit=64, skew=0.25
        )
        return json.loads(json.dumps(content))

    def test_a_whole_archive(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 7))
        for number, name in enumerate(wal(1, 3, 9), start=3):
            engine.held["local"].modified[name] = 900.0 + number
        self.run_for(engine, 5)
        body = self.report(beats((500.0, 5), (510.0, 9), (520.0, 10)))
        local = body["repositories"]["local"]
        self.assertEqual((local["up"], local["cause"], local["holes"]), (True, "", []))
        self.assertEqual((local["lastSegmentAt"], local["recoverableTo"]), (909.0, 510.0))
        self.assertEqual(local["intervals"], [[3.0, 510.0]])
        self.assertEqual(body["backlog"], {"segments": 0, "ageSeconds": 0.0})
        self.assertEqual((body["queues"], body["queueLimit"]), ({"postgres-1": 2}, 64))
        self.assertEqual((body["heartbeat"], body["clockSkew"]), ({"at": 520.0}, 0.25))

    def test_before_anything_is_known(self) -> None:
        body = self.report(Ring())
        self.assertEqual((body["repositories"], body["heartbeat"]), ({}, {"at": None}))
        engine = self.engine(wal(1, 3, 4), wal(1, 3, 4))
        for held in engine.held.values():
            held.refuses = "unreachable"
        self.run_for(engine, 2)
        cloud = self.report(Ring())["repositories"]["cloud"]
        self.assertEqual((cloud["up"], cloud["cause"]), (False, "unreachable"))
        self.assertIsNone(cloud["lastSegmentAt"])
        self.assertIsNone(cloud["recoverableTo"])

    def test_what_waits_for_the_cloud_has_an_age(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 4))
        engine.held["cloud"].read_only = "credentials"
        engine.held["local"].modified = dict.fromkeys(wal(1, 3, 9), 990.0)
        self.run_for(engine, 10)
        body = self.report(Ring())
        self.assertEqual(body["backlog"], {"segments": 5, "ageSeconds": 20.0})

    def test_a_hole_has_two_intervals(self) -> None:
        files = [*wal(1, 3, 5), *wal(1, 7, 9)]
        engine = self.engine(files, files)
        engine.held["local"].backups.append(base_backup(1, 8, 8))
        for held in engine.held.values():
            held.modified = dict.fromkeys(files, 100.0)
        self.run_for(engine, 20)
        body = self.report(beats((50.0, 4), (51.0, 5), (60.0, 9), (61.0, 10)))
        local = body["repositories"]["local"]
        self.assertEqual(local["intervals"], [[3.0, 51.0], [8.0, 60.0]])
        self.assertEqual(local["holes"], [["17-1", *wal(1, 6, 6)]])
        cloud = body["repositories"]["cloud"]
        self.assertEqual((cloud["recoverableTo"], cloud["intervals"]), (51.0, [[3.0, 51.0]]))

    def test_another_clusters_heartbeats_prove_nothing(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 9))
        engine.held["local"].modified = {wal(1, 9, 9)[0]: 700.0}
        self.run_for(engine, 3)
        local = self.report(beats((5000.0, 4), (5010.0, 5)))["repositories"]["local"]
        self.assertEqual((local["recoverableTo"], local["intervals"]), (700.0, [[3.0, 700.0]]))

    def test_without_a_heartbeat_the_last_segments_arrival_counts(self) -> None:
        engine = self.engine(wal(1, 3, 4), wal(1, 3, 4))
        engine.held["local"].modified = {wal(1, 4, 4)[0]: 77.0}
        self.run_for(engine, 3)
        self.assertEqual(self.report(Ring())["repositories"]["local"]["recoverableTo"], 77.0)

    def test_a_heartbeat_that_was_lost_in_a_failover_is_not_recoverable(self) -> None:
        told = {2: history((1, names.start_of(6) + 8))}
        files = [*wal(1, 3, 6), "00000002.history", *wal(2, 6, 8)]
        engine = self.engine(files, files, histories=told)
        self.run_for(engine, 3)
        lost = Ring([Beat(40.0, names.start_of(5), 1), Beat(50.0, names.start_of(7), 1)])
        self.assertEqual(self.report(lost)["repositories"]["local"]["recoverableTo"], 40.0)
        kept = Ring([*lost.all(), Beat(60.0, names.start_of(8), 2)])
        self.assertEqual(self.report(kept)["repositories"]["local"]["recoverableTo"], 60.0)

    def test_older_clusters_intervals_end_with_their_last_segment(self) -> None:
        engine = self.engine(wal(1, 3, 4), wal(1, 3, 4))
        held = engine.held["local"]
        held.modified = {wal(1, 4, 4)[0]: 77.0}
        held.archive, held.backups = "17-2", [base_backup(1, 3, 3, "17-2")]
        view_files = {"17-1": {name: 30.0 for name in wal(1, 3, 4)}}
        self.run_for(engine, 3)
        view = self.shipper.views["local"]
        view.files = {**view.files, **view_files}
        view.backups = [*view.backups, base_backup(1, 3, 3, "17-1")]
        view.version += 1
        self.shipper._judges.judge(view, self.now + 10)
        local = self.report(beats((70.0, 4)))["repositories"]["local"]
        self.assertEqual(local["intervals"], [[3.0, 30.0], [3.0, 70.0]])
        self.assertEqual(local["recoverableTo"], 70.0)


class Files(unittest.TestCase):
    def test_the_debt_goes_when_it_is_paid(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "backup-owed.json"
            facts.write_owed(path, {})
            self.assertFalse(path.exists())
            facts.write_owed(path, {"cloud": "WAL is lost"})
            self.assertEqual(json.loads(path.read_text()), {"cloud": "WAL is lost"})
            facts.write_owed(path, {})
            self.assertEqual(list(Path(folder).iterdir()), [])


class Queues(unittest.TestCase):
    def test_one_that_does_not_answer_is_left_out(self) -> None:
        def connect(member, _database):
            if member is REPLICA:
                raise psycopg2.OperationalError("frozen")
            return Count()

        self.assertEqual(queue.lengths([LEADER, REPLICA], "shop", connect), {"postgres-1": 7})
        self.assertEqual(queue.lengths([], "shop", connect), {})


class Count:
    """A connection that answers every question with 7."""

    def cursor(self) -> "Count":
        """As psycopg2's."""
        return self

    def __enter__(self) -> "Count":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def execute(self, text: str, values: tuple | None) -> None:
        """As psycopg2's: without values a % in the text stands for itself."""
        assert values is None
        assert "%.ready" in text

    def fetchone(self) -> tuple[int]:
        """As psycopg2's."""
        return (7,)

    def close(self) -> None:
        """As psycopg2's."""


class Threads(unittest.TestCase):
    def test_a_state_is_said_when_it_changes(self) -> None:
        said: list[str] = []
        changes = service.Changes("all is well", said.append)
        for state in ("", "", "broken", "broken", "worse", "", ""):
            changes.state(state)
        self.assertEqual(said, ["broken", "worse", "all is well"])

    def test_an_error_does_not_end_a_thread(self) -> None:
        faults = [OSError("disk"), ValueError("ours"), OSError("disk")]
        said: list[str] = []

        def work() -> None:
            if faults:
                raise faults.pop(0)
            raise SystemExit

        with self.assertRaises(SystemExit):
            service.forever("shipping", work, lambda: None, said.append)
        self.assertEqual((said[0], said[2]), ("shipping: disk", "shipping: disk"))
        self.assertIn("ValueError: ours", said[1])


if __name__ == "__main__":
    unittest.main()
