"""What is kept, whom the backup asks, what its settings are, and where room comes from."""

import json
import tempfile
import unittest
from pathlib import Path

from backup_world import CLOUD, SETTINGS
from image_paths import use

use("backup")
from backup import cluster, owed, retention, room, settings  # noqa: E402
from backup.errors import SettingsError  # noqa: E402
from backup.schedule import Owed  # noqa: E402
from backup.state import Repository, State  # noqa: E402
from engine.types import Archived, BaseBackup  # noqa: E402


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


class Settings(unittest.TestCase):
    def test_without_a_cloud_there_is_one_repository(self) -> None:
        found = settings.parse(json.dumps(SETTINGS))
        self.assertEqual((found.keep_dumps, found.cloud), (7, None))
        self.assertEqual(found.repositories, ("local",))

    def test_with_one_there_are_two_the_nearest_first(self) -> None:
        found = settings.parse(json.dumps({**SETTINGS, "cloud": CLOUD}))
        self.assertEqual(found.repositories, ("local", "cloud"))
        assert found.cloud is not None
        self.assertEqual((found.cloud.ca_file, found.cloud.keep_dumps), (None, 30))

    def test_the_key_at_fault_is_named(self) -> None:
        for change, key in (
            ({"stanza": ""}, "stanza"),
            ({"nodes": []}, "nodes"),
            ({"databases": "shop"}, "databases"),
            ({"tables": [3]}, "tables"),
            ({"schedule": None}, "schedule"),
            ({"schedule": {**SETTINGS["schedule"], "incremental": ""}}, "incremental"),
            ({"objectives": {"recoveryPointSeconds": 60}}, "recoveryTimeSeconds"),
            ({"fullEveryDays": 0}, "fullEveryDays"),
            ({"keepDumps": True}, "keepDumps"),
            ({"keepDumps": "7"}, "keepDumps"),
            ({"cloud": {**CLOUD, "path": "holdfast"}}, "path"),
            ({"cloud": {**CLOUD, "endpoint": "10.0.0.70"}}, "endpoint"),
            ({"cloud": {**CLOUD, "pathStyle": "yes"}}, "pathStyle"),
            ({"cloud": {**CLOUD, "bucket": None}}, "bucket"),
        ):
            with self.assertRaisesRegex(SettingsError, key):
                settings.parse(json.dumps({**SETTINGS, **change}))
        with self.assertRaisesRegex(SettingsError, "not JSON"):
            settings.parse("{")


def base(label: str, stop: float, wal_start: str) -> BaseBackup:
    """A base backup of which only these matter."""
    kind = "full" if label.endswith("F") else "incr"
    return BaseBackup(
        "local", label, kind, stop - 1, stop, 1, 1, False, "0/0", "0/0", wal_start, wal_start,
        "17-1", "2.55.1", "17",
    )  # fmt: skip


def segments(last: int) -> list[Archived]:
    """The archive's first segments."""
    return [Archived("17-1", f"{1:08X}{0:08X}{n:08X}", 1, n) for n in range(1, last + 1)]


class Room(unittest.TestCase):
    OLD = base("A-F", 10, f"{1:08X}{0:08X}{2:08X}")
    YOUNG = base("B-F", 20, f"{1:08X}{0:08X}{5:08X}")

    def expendable(self, cloud: list[BaseBackup], shipped: int) -> str | None:
        local = [self.OLD, base("A-I", 15, "x"), self.YOUNG]
        return room.expendable(local, cloud, segments(9), segments(shipped))

    def test_the_oldest_goes_when_the_cloud_has_its_like(self) -> None:
        self.assertEqual(self.expendable([base("C-F", 18, "x")], shipped=9), "A-F")

    def test_only_what_goes_with_it_must_have_reached_the_cloud(self) -> None:
        self.assertEqual(self.expendable([base("C-F", 18, "x")], shipped=4), "A-F")
        self.assertIsNone(self.expendable([base("C-F", 18, "x")], shipped=3))

    def test_nothing_goes_without_a_full_backup_there_as_new(self) -> None:
        self.assertIsNone(self.expendable([], shipped=9))
        self.assertIsNone(self.expendable([base("C-I", 18, "x")], shipped=9))
        self.assertIsNone(self.expendable([base("C-F", 9, "x")], shipped=9))

    def test_never_the_last_one(self) -> None:
        cloud = [base("C-F", 30, "x")]
        self.assertIsNone(room.expendable([self.YOUNG], cloud, segments(9), segments(9)))

    def test_full_is_two_segments_or_a_small_part(self) -> None:
        mib = 1 << 20
        found = [room.threshold(total * mib) // mib for total in (100, 10_000, 10_000_000)]
        self.assertEqual(found, [32, 200, 1024])


class Asked(unittest.TestCase):
    def test_who_asks_is_heard_and_nonsense_is_not(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            archive, drills = Path(name) / "archive.json", Path(name) / "drills.json"
            self.assertEqual(owed.gather(State(created=0), archive, drills), {})
            archive.write_text('{"cloud": "a hole nobody can fill"}')
            drills.write_text('{"local": {"reason": "sha256", "since": 5}, "x": {"since": "y"}}')
            found = owed.gather(State(created=0), archive, drills)
            self.assertEqual(
                found, {"cloud": Owed("a hole nobody can fill"), "local": Owed("sha256", 5.0)}
            )
            archive.write_text("[")
            drills.write_text("[]")
            state = State(created=0, repositories={"local": Repository(0, damaged_since=7.0)})
            (entry,) = owed.gather(state, archive, drills).items()
            self.assertEqual((entry[0], entry[1].since), ("local", 7.0))


if __name__ == "__main__":
    unittest.main()
