"""From a backup or from the leader; and the WAL that comes along."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import restore_files as files  # noqa: E402
import seed  # noqa: E402
from lineage import Backup  # noqa: E402
from repositories import RepositoryError  # noqa: E402
from seed_rules import Offer, decide, segment_name, segments_after  # noqa: E402

NOW = 1_000_000.0
LARGE = 2 * 1024**3


def offer(age: float = 60, size: int = LARGE, repository: str = "local", system: int = 77) -> Offer:
    start = "0000000100000000000000FE"
    backup = Backup(f"{repository}-label", "17-1", system, 1, 1, NOW - age, size, start)
    return Offer(repository, backup, 2)


class Decide(unittest.TestCase):
    def decide(self, *offers: Offer, led: bool = True, **more):
        return decide(list(offers), led, NOW, 77, **more)

    def test_young_and_large(self):
        chosen, why = self.decide(offer())
        self.assertEqual(chosen.repository, "local")
        self.assertIn("60 s old and holds 2048 MiB", why)

    def test_old_or_small_is_copied_from_the_leader(self):
        self.assertIn("over 3600", self.decide(offer(age=3601))[1])
        self.assertIn("under 1024", self.decide(offer(size=LARGE // 2 - 1))[1])
        self.assertIsNone(self.decide(offer(age=3601))[0])
        self.assertIsNotNone(self.decide(offer(age=3600))[0])

    def test_the_nearest_that_fits(self):
        chosen, _ = self.decide(offer(age=9999), offer(repository="cloud"))
        self.assertEqual(chosen.repository, "cloud")

    def test_without_a_leader_age_and_size_do_not_count(self):
        chosen, _ = self.decide(offer(age=99999, size=1), led=False)
        self.assertIsNotNone(chosen)

    def test_never_another_databases_backup(self):
        for led in (True, False):
            chosen, why = self.decide(offer(system=78), led=led)
            self.assertIsNone(chosen)
            self.assertIn("another database", why)

    def test_one_that_did_not_help_is_not_tried_again(self):
        chosen, why = self.decide(offer(), tried="local-label")
        self.assertIsNone(chosen)
        self.assertIn("tried before", why)

    def test_settings_move_the_limits(self):
        self.assertIsNotNone(self.decide(offer(age=7000), most_age=7200)[0])
        self.assertIsNotNone(self.decide(offer(size=5), least_bytes=5)[0])

    def test_without_an_offer_or_an_identifier(self):
        self.assertEqual(self.decide(), (None, "no repository offers a backup"))
        self.assertIsNone(decide([offer()], True, NOW, None)[0])


class Segments(unittest.TestCase):
    def test_numbers_and_names(self):
        self.assertEqual(segments_after("0000000200000001000000FF"), (2, 511))
        self.assertEqual(segment_name(2, 512), "000000020000000200000000")


class Wal(unittest.TestCase):
    """`fetch_wal` with an archive made up."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "pg_wal").mkdir()
        self.got: list[str] = []
        self.free = 1 << 40
        usage = mock.Mock(side_effect=lambda _: mock.Mock(free=self.free))
        for one in (
            mock.patch.object(seed, "DATA", folder.name),
            mock.patch.object(seed.shutil, "disk_usage", usage),
            mock.patch.object(seed, "get", self._get),
        ):
            one.start()
            self.addCleanup(one.stop)
        self.archive: set[str] = set()

    def _get(self, _repository: str, _stanza: str, name: str, _folder: Path) -> bool:
        if name in self.archive:
            self.got.append(name)
        return name in self.archive

    def test_goes_on_along_the_newest_timeline(self):
        one = ["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]
        two = ["000000020000000100000000", "000000020000000100000001"]
        self.archive = {*one, *two, "00000002.history"}
        count = seed.fetch_wal(offer(), "dev-a", one[0])
        self.assertEqual(self.got, ["00000002.history", one[0], one[1], *two])
        self.assertEqual(count, 4)

    def test_without_room_it_is_not_this_way(self):
        self.archive = {"0000000100000000000000FE"}
        self.free = seed.SEGMENT_BYTES
        with self.assertRaisesRegex(RepositoryError, "no room"):
            seed.fetch_wal(offer(), "dev-a", "0000000100000000000000FE")


class Program(unittest.TestCase):
    """The whole program with pgBackRest made up."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.steps: list[str] = []
        self.works = True
        for one in (
            mock.patch.object(files, "FOLDER", Path(folder.name)),
            mock.patch.object(seed, "offers", lambda _: [offer(age=NOW - seed.time.time() + 60)]),
            mock.patch.object(seed, "identifier", lambda: 77),
            mock.patch.object(seed, "restore", self._restore),
            mock.patch.object(seed, "fetch_wal", lambda *_: 3),
            mock.patch.object(seed.unled, "begin", lambda _: self.steps.append("tagged")),
            mock.patch.object(seed, "say", lambda _: None),
            mock.patch.dict(os.environ, {"HOLDFAST_SCOPE": "dev-a"}),
        ):
            one.start()
            self.addCleanup(one.stop)

    def _restore(self, *_: object) -> bool:
        self.steps.append("restored")
        return self.works

    def test_a_backup_is_used_once(self):
        self.assertTrue(seed.seed(True))
        self.assertEqual(files.read(files.SEEDED)["label"], "local-label")
        self.assertFalse(seed.seed(True))
        self.assertEqual(self.steps, ["restored"])

    def test_without_a_leader_it_is_tagged_before_anything_is_restored(self):
        self.assertTrue(seed.seed(False))
        self.assertEqual(self.steps, ["tagged", "restored"])

    def test_a_try_that_failed_may_be_tried_again(self):
        self.works = False
        self.assertFalse(seed.seed(True))
        self.assertEqual(files.read(files.SEEDED), {})

    def test_a_repository_that_hangs_leaves_it_to_the_leader(self):
        gone = subprocess.TimeoutExpired("pgbackrest", 1)
        with (
            mock.patch.object(seed, "fetch_wal", side_effect=gone),
            mock.patch.object(seed.sys, "argv", ["holdfast-seed", "--connstring=host=x", "--role=replica"]),
        ):
            self.assertEqual(seed.main(), 1)


if __name__ == "__main__":
    unittest.main()
