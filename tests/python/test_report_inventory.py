"""Asking repositories: one's trouble is never the other's, and what was known stays known."""

import tempfile
import threading
import time
import unittest
from pathlib import Path

from image_paths import use

use("backup")
from backup.errors import BackupError, RepositoryFault  # noqa: E402
from report import inventory  # noqa: E402
from report.inventory import Inventory, Questions, Trouble  # noqa: E402
from report.watch import Remembered, Watch  # noqa: E402
from report_samples import taken  # noqa: E402

MANIFEST = {
    "label": "20261125T024500Z",
    "start": 100.0,
    "stop": 120.0,
    "bytes": 900,
    "databases": [{"snapshotTime": 101.5}, {"snapshotTime": None}, {"snapshotTime": 101.0}],
}


def raising(error: Exception):
    def ask():
        raise error

    return ask


class Dumps(unittest.TestCase):
    def test_restore_to_the_oldest_of_their_snapshots(self) -> None:
        dump = inventory.dump_of(MANIFEST)
        self.assertEqual((dump.start, dump.stop, dump.bytes, dump.instant), (100, 120, 900, 101.0))
        self.assertFalse(dump.damaged)
        self.assertEqual(inventory.dump_of({**MANIFEST, "databases": []}).instant, 100.0)

    def test_half_a_manifest_is_none(self) -> None:
        for key in ("start", "stop", "bytes"):
            half = {name: value for name, value in MANIFEST.items() if name != key}
            self.assertTrue(inventory.dump_of(half).damaged, key)
        self.assertTrue(inventory.dump_of({**MANIFEST, "databases": [1]}).damaged)


class Asking(unittest.TestCase):
    KNOWN = Inventory("cloud", 1.0, 1.0, (taken(5.0),), (inventory.dump_of(MANIFEST),))

    def test_an_answer(self) -> None:
        found = inventory.ask(
            "cloud", Questions(lambda: [taken(9.0)], lambda: [MANIFEST]), Inventory("cloud")
        )
        self.assertEqual([backup.stop for backup in found.base_backups], [9.0])
        self.assertEqual([dump.label for dump in found.dumps], [MANIFEST["label"]])
        self.assertIsNone(found.trouble)
        self.assertEqual(found.answered, found.asked)
        self.assertLess(abs(time.time() - (found.answered or 0)), 5)

    def test_a_fault_keeps_what_was_known_and_names_its_cause(self) -> None:
        fault = RepositoryFault("cloud", "bucket", "there is\n no such bucket")
        found = inventory.ask(
            "cloud", Questions(raising(fault), raising(BackupError("x"))), self.KNOWN
        )
        self.assertEqual(
            (found.base_backups, found.dumps), (self.KNOWN.base_backups, self.KNOWN.dumps)
        )
        self.assertEqual(found.answered, 1.0)
        self.assertEqual(
            found.trouble, Trouble("bucket", "repository cloud: there is no such bucket")
        )

    def test_one_question_fails_the_other_does_not(self) -> None:
        found = inventory.ask(
            "cloud", Questions(lambda: [], raising(KeyError("odd"))), self.KNOWN
        )
        self.assertEqual((found.base_backups, found.dumps), ((), self.KNOWN.dumps))
        self.assertEqual(found.trouble, Trouble("other", "'odd'"))
        self.assertEqual(found.answered, 1.0)

    def test_a_silent_one_costs_its_time_and_no_more(self) -> None:
        release = threading.Event()
        slow = Questions(lambda: [] if release.wait(30) else [], lambda: [])
        quick = Questions(lambda: [taken(9.0)], lambda: [])
        begun = time.monotonic()
        silent = inventory.ask_within(0.2, "cloud", slow, self.KNOWN)
        answer = inventory.ask_within(0.2, "local", quick, Inventory("local"))
        self.assertIsNone(answer().trouble)
        self.assertEqual(silent().trouble, Trouble("unreachable", "no answer within 0 s"))
        self.assertEqual(silent().base_backups, self.KNOWN.base_backups)
        self.assertLess(time.monotonic() - begun, 5)
        release.set()


class Keeping(unittest.TestCase):
    def test_what_was_saved_is_loaded(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "inventories")
            for trouble in (None, Trouble("clock", "too far")):
                one = Inventory(
                    "cloud", 7.0, 6.0, (taken(5.0),), (inventory.dump_of(MANIFEST),), trouble
                )
                inventory.save(folder, one)
                self.assertEqual(inventory.load(folder, "cloud"), one)
            self.assertEqual([path.name for path in folder.iterdir()], ["cloud.json"])
            self.assertEqual(inventory.load(folder, "local"), Inventory("local"))

    def test_a_file_of_another_version_is_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            for text in ("{", "[]", '{"asked": 1, "base_backups": [{"odd": 1}]}'):
                Path(name, "cloud.json").write_text(text)
                self.assertEqual(inventory.load(Path(name), "cloud"), Inventory("cloud"))


class Watching(unittest.TestCase):
    def test_a_look_is_kept_and_left_for_others(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            answers = [Questions(lambda: [taken(9.0)], lambda: [])]
            watch = Watch("cloud", 60, lambda: answers[0], Path(name))
            watch.look()
            self.assertEqual(inventory.load(Path(name), "cloud"), watch.inventory)
            answers[0] = Questions(raising(BackupError("away")), lambda: [])
            watch.look()
            self.assertEqual([one.stop for one in watch.inventory.base_backups], [9.0])
            self.assertEqual(watch.inventory.trouble, Trouble("other", "away"))
            # Another process begins where this one stood.
            other = Watch("cloud", 60, lambda: answers[0], Path(name))
            other.look()
            self.assertEqual([one.stop for one in other.inventory.base_backups], [9.0])

    def test_a_repository_that_does_not_exist_any_more_is_forgotten(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            answers = [Questions(lambda: [], lambda: []), None]
            watch = Watch("cloud", 60, lambda: answers.pop(0), Path(name))
            watch.look()
            self.assertIsNotNone(watch.inventory)
            watch.look()
            self.assertIsNone(watch.inventory)

    def test_a_folder_that_cannot_be_written_harms_no_look(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            watch = Watch("cloud", 60, lambda: Questions(lambda: [], lambda: []), Path(file.name))
            watch.look()
            self.assertIsNone(watch.inventory.trouble)

    def test_it_asks_again_as_soon_as_something_changed(self) -> None:
        # The watch goes on in its thread, and may write there while the folder is removed.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            asked = threading.Semaphore(0)

            def base_backups():
                asked.release()
                return []

            version = [1]
            watch = Watch(
                "local",
                3600,
                lambda: Questions(base_backups, lambda: []),
                Path(name),
                lambda: version[0],
            )
            watch.start()
            self.assertTrue(asked.acquire(timeout=5))
            version[0] = 2
            self.assertTrue(asked.acquire(timeout=5))

    def test_an_answer_is_remembered_across_errors(self) -> None:
        answers = [{"a": 1.0}, ValueError("x"), {}]

        def ask():
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        one: Remembered[dict[str, float]] = Remembered("test", 60, ask, {})
        self.assertEqual((one.look(), one.answer), (True, {"a": 1.0}))
        self.assertEqual((one.look(), one.answer), (False, {"a": 1.0}))
        self.assertEqual((one.look(), one.answer), (False, {}))


if __name__ == "__main__":
    unittest.main()
