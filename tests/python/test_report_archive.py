"""What can be recovered, which holes matter, and what the shipping thread's file says."""

import json
import tempfile
import unittest
from pathlib import Path

from image_paths import use

use("backup")
from report import archive  # noqa: E402
from report_samples import taken  # noqa: E402


class Windows(unittest.TestCase):
    def windows(self, intervals, stops, holes=()):
        known = archive.Archive(intervals=tuple(intervals), holes=tuple(holes))
        return archive.windows(known, [taken(stop) for stop in stops])

    def test_a_stretch_serves_from_its_first_base_backup_on(self) -> None:
        self.assertEqual(self.windows([(100.0, 900.0)], [200.0, 500.0]), [(200.0, 900.0)])
        self.assertEqual(self.windows([(200.0, 900.0)], [200.0]), [(200.0, 900.0)])

    def test_a_hole_makes_two(self) -> None:
        found = self.windows([(600.0, 900.0), (100.0, 400.0)], [100.0, 600.0])
        self.assertEqual(found, [(100.0, 400.0), (600.0, 900.0)])

    def test_wal_without_a_base_backup_recovers_nothing(self) -> None:
        self.assertEqual(self.windows([(100.0, 400.0), (600.0, 900.0)], [700.0]), [(700.0, 900.0)])
        self.assertEqual(self.windows([(100.0, 400.0)], []), [])

    def test_a_base_backup_newer_than_every_heartbeat_continues_the_stretch(self) -> None:
        self.assertEqual(self.windows([(100.0, 900.0)], [100.0, 920.0]), [(100.0, 920.0)])

    def test_unless_something_is_missing_behind_the_newest(self) -> None:
        hole = ("17-1", "000000010000000000000009")
        found = self.windows([(100.0, 900.0)], [100.0, 920.0], [hole])
        self.assertEqual(found, [(100.0, 900.0), (920.0, 920.0)])

    def test_before_any_heartbeat_a_base_backup_is_its_own_end(self) -> None:
        self.assertEqual(self.windows([], [100.0]), [(100.0, 100.0)])

    def test_how_far_one_base_backup_reaches(self) -> None:
        intervals = [(100.0, 400.0), (600.0, 900.0)]
        self.assertEqual(archive.recoverable_to(100.0, intervals), 400.0)
        self.assertEqual(archive.recoverable_to(700.0, intervals), 900.0)
        self.assertEqual(archive.recoverable_to(500.0, intervals), 500.0)


class Holes(unittest.TestCase):
    HOLE = ("17-1", "000000020000000000000010", "000000020000000000000012")

    def test_one_behind_the_newest_base_backup_is_open(self) -> None:
        backup = taken(1.0, "00000002000000000000000F")
        self.assertEqual(archive.open_holes([self.HOLE], [backup]), [self.HOLE])

    def test_one_that_the_newest_base_backup_has_behind_it_is_not(self) -> None:
        self.assertEqual(
            archive.open_holes([self.HOLE], [taken(1.0, "000000020000000000000012")]), []
        )
        older = taken(1.0, "000000010000000000000001")
        newer = taken(2.0, "000000030000000000000013")
        self.assertEqual(archive.open_holes([self.HOLE], [newer, older]), [])

    def test_another_clusters_archive_is_ordered_by_its_number(self) -> None:
        tenth = taken(1.0, "000000010000000000000001", "17-10")
        hole = ("17-9", "000000090000000000000010")
        self.assertEqual(archive.open_holes([hole], [tenth]), [])
        self.assertEqual(
            archive.open_holes([("17-11", hole[1])], [tenth]), [("17-11", hole[1])]
        )

    def test_without_a_base_backup_each_is_open(self) -> None:
        self.assertEqual(archive.open_holes([self.HOLE], []), [self.HOLE])


class Report(unittest.TestCase):
    BODY = {
        "at": 1000.5,
        "repositories": {
            "local": {
                "up": True,
                "cause": "",
                "error": "",
                "lastSegmentAt": 990,
                "recoverableTo": 980.25,
                "holes": [["17-1", "A", "B"]],
                "intervals": [[100, 980.25]],
            },
            "cloud": {"up": False, "cause": "bucket", "error": "NoSuchBucket"},
        },
        "backlog": {"segments": 3, "ageSeconds": 40},
        "queues": {"postgres-1": 2},
        "queueLimit": 64,
        "holesFilled": {"local": 0, "cloud": 1},
        "heartbeat": {"at": 999},
        "clockSkew": -0.1,
    }

    def test_is_read(self) -> None:
        report = archive.parse(json.dumps(self.BODY))
        self.assertEqual(report.at, 1000.5)
        local, cloud = report.repositories["local"], report.repositories["cloud"]
        self.assertEqual(local.holes, (("17-1", "A", "B"),))
        self.assertEqual(local.intervals, ((100.0, 980.25),))
        self.assertEqual((cloud.up, cloud.cause, cloud.recoverable_to), (False, "bucket", None))
        self.assertEqual((report.backlog_segments, report.backlog_age), (3, 40))
        self.assertEqual((report.queues, report.queue_limit), ({"postgres-1": 2}, 64))
        self.assertEqual((report.heartbeat, report.clock_skew), (999, -0.1))

    def test_is_fresh_for_a_minute(self) -> None:
        report = archive.parse(json.dumps(self.BODY))
        self.assertTrue(report.fresh(1060.5))
        self.assertFalse(report.fresh(1060.6))
        self.assertFalse(archive.Report().fresh(0.0))

    def test_what_is_unknown_stays_unknown(self) -> None:
        report = archive.parse('{"at": 1, "heartbeat": null, "backlog": null, "clockSkew": null}')
        self.assertEqual((report.heartbeat, report.backlog_age, report.clock_skew), (None,) * 3)

    def test_a_missing_or_damaged_file_says_nothing(self) -> None:
        for text in ("", "{", "[]", "null", '{"at": "soon"}', '{"at": 1, "repositories": [1]}'):
            self.assertIsNone(archive.parse(text).at, text)
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(archive.load(Path(folder, "archive.json")), archive.Report())


if __name__ == "__main__":
    unittest.main()
