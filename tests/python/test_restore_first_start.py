"""An empty member, and what it may begin."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import first_start  # noqa: E402
import restore_files as files  # noqa: E402
from etcd_gateway import EtcdUnreachable  # noqa: E402
from first_start import FirstStart, verdict  # noqa: E402
from lineage import Backup  # noqa: E402
from repositories import Contents, NoSuchRepository, RepositoryError  # noqa: E402

BACKUP = Backup("20261125-020000F", "17-1", 77, 1, 1, 1795612147.0, 10**9)


class Verdict(unittest.TestCase):
    def test_backups_anywhere_forbid_an_empty_database(self):
        answer, why = verdict({"local": [], "cloud": [BACKUP]})
        self.assertEqual(answer, "backups")
        self.assertIn("cloud holds 1 backups, the newest of 2026-11-25T", why)
        self.assertEqual(verdict({"local": "it is away", "cloud": [BACKUP]})[0], "backups")

    def test_a_repository_that_does_not_answer_proves_nothing(self):
        self.assertEqual(verdict({"local": [], "cloud": "it is away"}), ("unknown", "it is away"))

    def test_only_when_all_were_read_and_hold_nothing(self):
        self.assertEqual(verdict({"local": [], "cloud": []})[0], "begin")

    def test_another_stacks_repository_is_there_to_be_restored(self):
        self.assertEqual(verdict({"local": [], "source": []})[0], "backups")


class Admitted(unittest.TestCase):
    """The whole look, with etcd and the repositories made up."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.founded = False
        self.etcd_answers = True
        self.held: dict[str, list[Backup] | Exception] = {"local": [], "cloud": []}
        self.looks = 0
        self.said: list[str] = []
        self.at_look = {}
        config = Path(folder.name, "pgbackrest.conf")
        config.touch()
        patches = [
            mock.patch.object(files, "FOLDER", Path(folder.name)),
            mock.patch.object(first_start, "CONFIG", config),
            mock.patch.object(first_start.data, "is_empty", return_value=True),
            mock.patch.object(first_start.keys, "client"),
            mock.patch.object(first_start.keys, "somebody_was_here", self._founded),
            mock.patch.object(first_start, "contents", self._contents),
            mock.patch.object(first_start, "PAUSE_SECONDS", 0.001),
            mock.patch.dict(os.environ, {"HOLDFAST_SCOPE": "dev-a", "HOLDFAST_MEMBER": "postgres-1"}),
        ]
        for one in patches:
            one.start()
            self.addCleanup(one.stop)

    def _founded(self, _):
        self.looks += 1
        for look, act in self.at_look.items():
            if look == self.looks:
                act()
        if not self.etcd_answers:
            raise EtcdUnreachable("no etcd member answered")
        return self.founded

    def _contents(self, name: str, stanza: str, seconds: float) -> Contents:
        found = self.held.get(name, NoSuchRepository(f"{name}: not configured"))
        if isinstance(found, Exception):
            raise found
        return Contents(found, [], "")

    def admitted(self, most: int = 20, standby: bool = False) -> bool:
        return FirstStart(self.said.append, lambda: self.looks >= most).admitted(standby)

    def test_what_an_earlier_member_left_goes_first(self):
        with mock.patch.object(first_start.empty_volume, "made_empty", return_value=False):
            self.assertFalse(self.admitted())
        self.assertEqual(self.looks, 0)

    def test_a_standby_begins_empty_and_asks_no_repository(self):
        self.held["cloud"] = [BACKUP]
        with mock.patch.object(first_start.empty_volume, "made_empty", return_value=False):
            self.assertFalse(self.admitted(standby=True))
        self.assertTrue(self.admitted(standby=True))
        self.assertEqual(self.looks, 0)

    def test_begins_where_no_repository_holds_anything(self):
        self.assertTrue(self.admitted())
        self.assertEqual(self.looks, 1)

    def test_waits_where_one_holds_a_backup_and_says_the_command(self):
        self.held["cloud"] = [BACKUP]
        self.assertFalse(self.admitted())
        self.assertEqual(files.read(files.STATE)["phase"], "waiting")
        self.assertIn("./holdfast restore --to latest", files.read(files.STATE)["detail"])
        self.assertEqual(len(self.said), 1)

    def test_waits_for_a_repository_that_is_away(self):
        self.held["local"] = RepositoryError("local: no answer")
        self.assertFalse(self.admitted())
        self.assertEqual(files.read(files.STATE)["phase"], "waiting")

    def test_a_founded_cluster_is_joined_also_after_waiting(self):
        self.held["cloud"] = [BACKUP]
        self.at_look = {5: lambda: setattr(self, "founded", True)}
        self.assertTrue(self.admitted())
        self.assertEqual(files.read(files.STATE)["phase"], "none")

    def test_without_etcd_nothing_begins(self):
        self.etcd_answers = False
        self.assertFalse(self.admitted())

    def test_without_a_cloud_its_silence_is_none(self):
        del self.held["cloud"]
        self.assertTrue(self.admitted())

    def test_a_cloud_that_should_be_there_is_waited_for(self):
        del self.held["cloud"]
        with mock.patch.dict(os.environ, {"HOLDFAST_CLOUD": "yes"}):
            self.assertFalse(self.admitted())

    def test_told_so_it_begins_all_the_same(self):
        self.held["cloud"] = [BACKUP]
        self.at_look = {3: lambda: files.write_text(files.FRESH, "now")}
        self.assertTrue(self.admitted())

    def test_data_is_never_asked_about_and_the_word_is_spent(self):
        files.write_text(files.FRESH, "now")
        with mock.patch.object(first_start.data, "is_empty", return_value=False):
            self.assertTrue(self.admitted())
        self.assertEqual(self.looks, 0)
        self.assertFalse(files.exists(files.FRESH))


if __name__ == "__main__":
    unittest.main()
