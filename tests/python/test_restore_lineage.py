"""Which backup and which timeline lead to a moment."""

import unittest
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import repositories  # noqa: E402
from lineage import (  # noqa: E402
    Backup,
    best,
    bounds,
    parse_history,
    stopped_at,
    timeline_at,
)
from repositories import NoSuchRepository, RepositoryError, parse_info  # noqa: E402
from restore_order import parse  # noqa: E402

# Seen in the lab: a restore to 13:09:10 at 13:14:24, then failovers.
HISTORY = """1\t0/7000110\tbefore 2026-11-25 13:09:12.203763+00


2\t0/A0000A0\tno recovery target specified

3\t0/A000110\tno recovery target specified
"""
FORKED = 1795612152.203763
RESTORED = 1795612464.0
BORN = {2: RESTORED, 3: RESTORED + 60, 4: RESTORED + 120}


def backup(label: str, timeline: int, lsn: int, stop: float, archive: str = "17-1") -> Backup:
    return Backup(label, archive, 77, timeline, lsn, stop, 10**9, "000000010000000000000003")


class History(unittest.TestCase):
    def test_lines_with_their_reasons(self):
        forks = parse_history(HISTORY)
        self.assertEqual([(one.timeline, one.lsn) for one in forks][0], (1, 0x7000110))
        self.assertEqual(len(forks), 3)
        self.assertAlmostEqual(stopped_at(forks[0].reason), FORKED, places=3)
        self.assertIsNone(stopped_at(forks[1].reason))
        self.assertIsNone(stopped_at("after LSN 0/3000148"))

    def test_a_zone_of_hours_and_minutes(self):
        plain = stopped_at("before 2026-11-25 13:09:12+00")
        self.assertEqual(stopped_at("after 2026-11-25 18:39:12+05:30"), plain)
        self.assertEqual(stopped_at("after 2026-11-25 18:39:12+0530"), plain)


class TimelineAt(unittest.TestCase):
    def at(self, moment: float) -> int:
        return timeline_at(4, parse_history(HISTORY), BORN, moment)

    def test_before_the_restores_target_and_after_the_restore_the_newest(self):
        self.assertEqual(self.at(FORKED - 10), 4)
        self.assertEqual(self.at(RESTORED + 10), 4)

    def test_between_both_what_was_the_current_one_then(self):
        self.assertEqual(self.at(FORKED + 1), 1)
        self.assertEqual(self.at(RESTORED - 1), 1)

    def test_an_abandoned_timeline_that_is_no_ancestor(self):
        # Restored twice from timeline 1: at 100 to 50 (timeline 2), at 200 to 60 (timeline 3).
        forks = parse_history("1\t0/5000000\tbefore 1970-01-01 00:01:00+00\n")
        born = {2: 100.0, 3: 200.0}
        self.assertEqual(timeline_at(3, forks, born, 80.0), 1)
        self.assertEqual(timeline_at(3, forks, born, 150.0), 2)
        self.assertEqual(timeline_at(3, forks, born, 250.0), 3)

    def test_the_first_timeline_has_no_history(self):
        self.assertEqual(timeline_at(1, [], {}, 5.0), 1)


class Best(unittest.TestCase):
    ends = bounds(4, parse_history(HISTORY))

    def test_a_backup_of_the_abandoned_stretch_is_of_no_use(self):
        good = backup("good", 1, 0x5000000, 100)
        abandoned = backup("abandoned", 1, 0x8000000, 200)
        self.assertEqual(best([good, abandoned], self.ends), good)

    def test_the_newest_that_was_complete_before_the_target(self):
        found = [backup("a", 1, 1, 100), backup("b", 2, 0x8000000, 200), backup("c", 4, 0xB000000, 300)]
        self.assertEqual(best(found, self.ends).label, "c")
        self.assertEqual(best(found, self.ends, until=250).label, "b")
        self.assertEqual(best(found, self.ends, until=200).label, "a")
        self.assertEqual(best(found, self.ends, lsn=0x9000000).label, "b")
        self.assertIsNone(best(found, self.ends, until=50))


class Choose(unittest.TestCase):
    """`choose` with pgBackRest's answers, and nothing else, made up."""

    def choose(self, backups: list[Backup], kind: str = "latest", value: str = "", label=None):
        given = {
            "id": "x",
            "repository": "cloud",
            "target": {"kind": kind, "value": value},
            "label": label,
            "stanza": "dev-a",
            "restorer": "postgres-1",
        }
        held = repositories.Contents(backups, ["17-1"], "")
        with (
            mock.patch.object(repositories, "contents", return_value=held),
            mock.patch.object(repositories, "histories", return_value=BORN),
            mock.patch.object(repositories, "history", return_value=HISTORY),
        ):
            return repositories.choose(parse(given))

    def test_the_newest_timeline_for_the_latest(self):
        found = self.choose([backup("a", 1, 0x5000000, FORKED - 60)])
        self.assertEqual((found.backup.label, found.timeline), ("a", 4))

    def test_a_moment_that_a_restore_left_behind(self):
        found = self.choose([backup("a", 1, 0x5000000, FORKED - 60)], "time", "2026-11-25T13:09:13Z")
        self.assertEqual(found.timeline, 1)

    def test_says_what_is_the_oldest_when_nothing_is_old_enough(self):
        with self.assertRaisesRegex(RepositoryError, "the oldest, a, ended at 2026-11-25T13"):
            self.choose([backup("a", 1, 0x5000000, FORKED)], "time", "2026-11-24T00:00:00Z")

    def test_a_label_that_is_not_there(self):
        with self.assertRaisesRegex(RepositoryError, "has no backup 20261125-020000F"):
            self.choose([backup("a", 1, 1, 1)], label="20261125-020000F")

    def test_an_empty_repository(self):
        with self.assertRaisesRegex(RepositoryError, "cloud holds no backup of dev-a"):
            self.choose([])


class Info(unittest.TestCase):
    def answer(self, code: int, message: str) -> list[dict]:
        status = {"code": code, "message": message}
        outer = {"code": code, "message": "other"} if code == 99 else status
        return [{"name": "dev-a", "backup": [], "archive": [], "db": [], "repo": [{"status": status}], "status": outer}]

    def test_no_stanza_yet_is_an_answer(self):
        self.assertEqual(parse_info("local", self.answer(1, "missing stanza path")).backups, [])

    def test_a_repository_that_is_away_is_none(self):
        with self.assertRaisesRegex(RepositoryError, "unable to connect"):
            parse_info("cloud", self.answer(99, "[HostConnectError] unable to connect to 'x'"))

    def test_a_repository_that_nobody_configured(self):
        words = "unable to open missing file '/run/holdfast/pgbackrest/cloud.conf' for read"
        with self.assertRaises(NoSuchRepository):
            parse_info("cloud", self.answer(99, words))
        # Another missing file is a fault of a repository that there is.
        other = "unable to open missing file '/etc/holdfast/secrets/cloud-ca.crt' for read"
        with self.assertRaises(RepositoryError) as caught:
            parse_info("cloud", self.answer(99, other))
        self.assertNotIsInstance(caught.exception, NoSuchRepository)


if __name__ == "__main__":
    unittest.main()
