"""What happens to the old data directory."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from image_paths import use

use("postgres")
import restore_data as data  # noqa: E402

MANY = 1 << 50


class OldData(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.parent = Path(folder.name)
        self.main = self.parent / "main"

    def database(self, folder: Path, content: str = "old") -> None:
        (folder / "global").mkdir(parents=True)
        (folder / "global/pg_control").write_text(content)

    def make_way(self, needed: int = 1, discard: bool = False, free: int = MANY) -> str:
        with mock.patch.object(data, "free", return_value=free):
            return data.make_way(needed, discard, self.parent, self.main)

    def test_is_moved_aside_and_can_be_put_back(self):
        self.database(self.main)
        name = self.make_way()
        self.assertTrue(name.startswith("before-restore-"))
        self.assertFalse(self.main.exists())
        self.database(self.main, "half restored")
        data.put_back(name, self.parent, self.main)
        self.assertEqual((self.main / "global/pg_control").read_text(), "old")
        self.assertEqual(data.kept(self.parent), [])

    def test_without_room_nothing_is_touched(self):
        self.database(self.main)
        self.database(self.parent / "before-restore-20260101T000000Z")
        with self.assertRaisesRegex(data.NoRoom, "--discard"):
            self.make_way(needed=1 << 30, free=1 << 20)
        self.assertTrue(data.holds_database(self.main))
        self.assertEqual(len(data.kept(self.parent)), 1)

    def test_without_room_it_is_removed_when_told(self):
        self.database(self.main)
        self.assertEqual(self.make_way(needed=1 << 30, discard=True, free=1 << 20), "")
        self.assertTrue(data.is_empty(self.main))

    def test_with_room_discard_keeps_it_all_the_same(self):
        self.database(self.main)
        self.assertNotEqual(self.make_way(discard=True), "")

    def test_of_earlier_restores_only_the_last_is_kept(self):
        self.database(self.main)
        self.database(self.parent / "before-restore-20260101T000000Z")
        name = self.make_way()
        self.assertEqual([one.name for one in data.kept(self.parent)], [name])

    def test_what_is_no_database_is_not_kept(self):
        self.main.mkdir()
        (self.main / "base").mkdir()
        self.database(self.parent / "before-restore-20260101T000000Z")
        self.assertEqual(self.make_way(), "")
        # Then the older one is still the only data there is.
        self.assertEqual(len(data.kept(self.parent)), 1)

    def test_nothing_to_put_back_leaves_what_is_there(self):
        self.database(self.main, "new")
        data.put_back("", self.parent, self.main)
        data.put_back("before-restore-20260101T000000Z", self.parent, self.main)
        self.assertEqual((self.main / "global/pg_control").read_text(), "new")

    def test_an_empty_folder_may_have_lost_and_found(self):
        self.assertTrue(data.is_empty(self.main))
        (self.main / "lost+found").mkdir(parents=True)
        self.assertTrue(data.is_empty(self.main))
        (self.main / "PG_VERSION").write_text("17")
        self.assertFalse(data.is_empty(self.main))

    def test_notes_of_what_was_archived_go(self):
        note = self.parent / "archive/dev-a/out/000000020000000000000007.ok"
        note.parent.mkdir(parents=True)
        note.touch()
        data.forget_sent(self.parent / "archive")
        self.assertFalse(note.exists())

    def test_what_was_fetched_ahead_goes_and_notes_of_what_was_archived_stay(self):
        spool = self.parent / "archive"
        fetched = spool / "dev-a/in/000000020000000000000007"
        note = spool / "dev-a/out/000000020000000000000006.ok"
        for file in (fetched, note):
            file.parent.mkdir(parents=True)
            file.touch()
        data.forget_fetched(spool)
        self.assertFalse(fetched.exists())
        self.assertTrue(note.exists())
        data.forget_fetched(self.parent / "nowhere")


if __name__ == "__main__":
    unittest.main()
