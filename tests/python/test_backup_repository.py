"""What is kept, what is listed, whom the backup asks, and what the metrics page says."""

import json
import tempfile
import unittest
from pathlib import Path

from image_paths import use

use("backup")
from backup import cluster, listing, metrics, pgbackrest, retention, settings  # noqa: E402
from backup.errors import SettingsError  # noqa: E402
from backup.state import Run, State  # noqa: E402

INFO = {
    "db": [{"id": 1, "version": "17"}, {"id": 2, "version": "17"}],
    "backup": [
        {
            "label": "20261123-045224F",
            "type": "full",
            "timestamp": {"start": 1795409544, "stop": 1795409547},
            "info": {"repository": {"delta": 6312817}, "size": 38000000},
            "error": False,
            "lsn": {"start": "0/B000028", "stop": "0/C6F0D10"},
            "archive": {"start": "00000001000000000000000B", "stop": "00000001000000000000000C"},
            "backrest": {"version": "2.55.1"},
            "database": {"id": 2},
        }
    ],
}
SETTINGS = {
    "stanza": "dev-a",
    "nodes": ["10.0.0.11", "10.0.0.12"],
    "databases": ["shop"],
    "dataDirectory": "/data",
    "schedule": {"physical": "15 2 * * *", "logical": "45 2 * * *"},
    "fullEveryDays": 7,
    "keepDumps": 7,
}


class Retention(unittest.TestCase):
    NAMES = ["20261121T024500Z", "20261123T024500Z", "20261122T024500Z", "20261124T024500Z.partial"]

    def test_keeps_the_newest(self) -> None:
        self.assertEqual(retention.expired_dumps(self.NAMES, 2), ["20261121T024500Z"])
        self.assertEqual(retention.expired_dumps(self.NAMES, 3), [])
        self.assertEqual(retention.expired_dumps([], 1), [])

    def test_never_removes_the_last_one(self) -> None:
        with self.assertRaises(ValueError):
            retention.expired_dumps(self.NAMES, 0)

    def test_what_is_no_dump_belongs_to_somebody_else(self) -> None:
        self.assertEqual(retention.expired_dumps(["lost+found", "20261121T024500Z"], 1), [])
        self.assertEqual(retention.abandoned(self.NAMES), ["20261124T024500Z.partial"])

    def test_checksums_go_with_their_backup(self) -> None:
        self.assertEqual(retention.orphaned_sums(["A", "B"], ["B", "C"]), ["A"])


class Cluster(unittest.TestCase):
    def test_leader_first_then_the_least_late_and_only_those_that_run(self) -> None:
        text = json.dumps(
            {
                "members": [
                    {"name": "p3", "role": "replica", "state": "streaming", "host": "c", "lag": 9},
                    {"name": "p4", "role": "replica", "state": "stopped", "host": "d"},
                    {
                        "name": "p5",
                        "role": "replica",
                        "state": "running",
                        "host": "e",
                        "lag": "unknown",
                    },
                    {
                        "name": "p2",
                        "role": "quorum_standby",
                        "state": "streaming",
                        "host": "b",
                        "lag": 0,
                    },
                    {"name": "p1", "role": "leader", "state": "running", "host": "a", "port": 5432},
                ]
            }
        )
        self.assertEqual([m.name for m in cluster.parse(text)], ["p1", "p2", "p3", "p5"])

    def test_a_cluster_without_members(self) -> None:
        self.assertEqual(cluster.parse("{}"), [])


class Nodes(unittest.TestCase):
    def test_one_entry_for_each_member(self) -> None:
        members = [cluster.Member("p1", "10.0.0.11", 5432, True, 0)]
        text = pgbackrest.nodes_config(settings.parse(json.dumps(SETTINGS)), members)
        self.assertTrue(text.startswith("[dev-a]\npg1-host=10.0.0.11\npg1-host-type=tls\n"))
        self.assertIn("pg1-path=/data\n", text)
        self.assertNotIn("pg2", text)


class Info(unittest.TestCase):
    def test_base_backups(self) -> None:
        (item,) = pgbackrest.base_backups(INFO)
        self.assertEqual((item.label, item.kind, item.bytes), ("20261123-045224F", "full", 6312817))
        self.assertEqual((item.archive, item.postgres, item.damaged), ("17-2", "17", False))
        self.assertEqual(pgbackrest.base_backups({}), [])

    def test_the_newest_segment_is_looked_for_in_the_newest_timeline(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            for folder in ("17-1/0000000100000000", "17-2/0000000200000001"):
                (root / "archive/dev-a" / folder).mkdir(parents=True)
            self.assertIsNone(pgbackrest.last_push("dev-a", root=root))
            segment = root / "archive/dev-a/17-2/0000000200000001/000000020000000100000003-ab.zst"
            segment.touch()
            found = pgbackrest.last_push("dev-a", root=root)
            self.assertEqual(found, segment.stat().st_mtime)
            self.assertIsNone(pgbackrest.last_push("dev-a", "17-1", root))


class Listing(unittest.TestCase):
    def test_a_dump_restores_to_the_instant_of_its_snapshot(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "20261123T045303Z"
            folder.mkdir()
            (folder / "manifest.json").write_text(
                json.dumps(
                    {
                        "start": 1795409583.9,
                        "stop": 1795409584.1,
                        "bytes": 5,
                        "databases": [{"snapshotTime": 1795409546.8}],
                    }
                )
            )
            (Path(name) / "20261123T050000Z.partial").mkdir()
            (row,) = listing.dumps(Path(name))
        self.assertEqual(row["recoverableTo"], "2026-11-23T04:52:26Z")
        self.assertEqual(
            (row["start"], row["stop"]), ("2026-11-23T04:53:03Z", "2026-11-23T04:53:04Z")
        )

    def test_a_dump_that_cannot_be_read_stays_visible(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "20261123T045303Z").mkdir()
            (row,) = listing.dumps(Path(name))
        self.assertEqual((row["start"], row["stop"]), ("2026-11-23T04:53:03Z", None))
        self.assertIn("unreadable", listing.table([row]))

    def test_sizes_for_people(self) -> None:
        self.assertEqual(
            [listing.size(n) for n in (None, 5, 2048, 3 << 20)], ["-", "5 B", "2.0 KiB", "3.0 MiB"]
        )


class Page(unittest.TestCase):
    def test_what_never_happened_is_left_out_and_not_zero(self) -> None:
        text = metrics.render(metrics.Facts(State(created=0, runs={"full": Run(failures=2)})))
        self.assertIn('holdfast_backup_failures{kind="full"} 2\n', text)
        self.assertNotIn("holdfast_backup_last_success_timestamp_seconds{", text)
        self.assertNotIn("holdfast_archive_last_push_timestamp_seconds{", text)

    def test_times_keep_their_seconds(self) -> None:
        facts = metrics.Facts(
            State(created=0),
            due={"physical": 1795409544.0, "logical": None},
            certificates={'odd "name"': 1826944538.0},
        )
        text = metrics.render(facts)
        self.assertIn(
            'holdfast_backup_due_timestamp_seconds{schedule="physical"} 1795409544\n', text
        )
        self.assertIn('holdfast_backup_due_timestamp_seconds{schedule="logical"} 0\n', text)
        self.assertIn('{certificate="odd \\"name\\""} 1826944538\n', text)


class Settings(unittest.TestCase):
    def test_the_key_at_fault_is_named(self) -> None:
        self.assertEqual(settings.parse(json.dumps(SETTINGS)).keep_dumps, 7)
        for change, key in (
            ({"stanza": ""}, "stanza"),
            ({"nodes": []}, "nodes"),
            ({"databases": "shop"}, "databases"),
            ({"schedule": None}, "schedule"),
            ({"schedule": {"physical": "15 2 * * *"}}, "logical"),
            ({"fullEveryDays": 0}, "fullEveryDays"),
            ({"keepDumps": True}, "keepDumps"),
            ({"keepDumps": "7"}, "keepDumps"),
        ):
            with self.assertRaisesRegex(SettingsError, key):
                settings.parse(json.dumps({**SETTINGS, **change}))
        with self.assertRaisesRegex(SettingsError, "not JSON"):
            settings.parse("{")


if __name__ == "__main__":
    unittest.main()
