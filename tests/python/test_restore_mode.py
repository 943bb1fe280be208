"""An order carried out by one member, with Patroni, etcd and the repository made up."""

import os
import tempfile
import threading
import time
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import restore_files as files  # noqa: E402
import restore_mode  # noqa: E402
from lineage import Backup, Choice  # noqa: E402
from patroni_api import PatroniError  # noqa: E402
from repositories import RepositoryError  # noqa: E402
from restore_mode import Restore  # noqa: E402

ORDER = {
    "id": "one",
    "repository": "local",
    "target": {"kind": "latest", "value": ""},
    "label": None,
    "stanza": "dev-a",
    "restorer": "postgres-1",
    "members": ["postgres-1", "postgres-2"],
}
CHOICE = Choice(Backup("20261125-020000F", "17-1", 77, 1, 1, 1.0, 1000), 3)


class FakePatroni:
    """Notes what is asked of it; a start makes `role` and `code` true."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.role = "primary"
        self.code: int | None = None

    def start(self, output: int | None = None) -> None:
        self.calls.append("start" if output is None else "start and listen")

    def end(self) -> None:
        self.calls.append("end")

    def poll(self) -> int | None:
        return self.code

    def signal(self, number: int) -> None:
        self.calls.append(f"signal {number}")

    def status(self, *_: object) -> dict:
        if "start" not in " ".join(self.calls):
            raise PatroniError("does not answer")
        if self.role == "primary":
            return {"role": "primary", "state": "running"}
        return {"role": "replica", "state": "running", "replication_state": "streaming"}


class Member(unittest.TestCase):
    """A member in a folder of its own, its thread running."""

    member = "postgres-1"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.patroni = FakePatroni()
        self.leader = "postgres-1"
        self.steps: list[str] = []
        self.choose = mock.Mock(return_value=CHOICE)
        data = restore_mode.data
        keys = restore_mode.keys
        self.make_way = mock.Mock(side_effect=self._make_way)
        patches = [
            mock.patch.object(files, "FOLDER", self.root / "restore"),
            mock.patch.object(data, "DATA", self.root / "main"),
            mock.patch.object(data, "FAILED", self.root / "main.failed"),
            mock.patch.object(data, "make_way", self.make_way),
            mock.patch.object(data, "put_back", lambda name: self.steps.append(f"put back {name}")),
            mock.patch.object(data, "forget_sent", lambda: self.steps.append("forget sent")),
            mock.patch.object(keys, "client", lambda: "etcd"),
            mock.patch.object(keys, "initialized", return_value=False),
            mock.patch.object(keys, "wait_alone", lambda *_: self.steps.append("alone")),
            mock.patch.object(keys, "save", return_value={"config": "{}"}),
            mock.patch.object(keys, "clear", lambda *_: self.steps.append("clear")),
            mock.patch.object(keys, "put_back", lambda _, saved: self.steps.append(f"keys {saved}")),
            mock.patch.object(keys, "leader_is", lambda _, name: self.leader == name),
            mock.patch.object(restore_mode, "choose", self.choose),
            mock.patch.object(restore_mode, "own_status", self.patroni.status),
            mock.patch.object(restore_mode, "bootstrap_from_backup", self._method),
            mock.patch.object(restore_mode.unled, "forget", lambda: None),
            mock.patch.object(restore_mode.unled, "look", lambda *_: None),
            mock.patch.object(restore_mode.FirstStart, "admitted", return_value=True),
            mock.patch.object(restore_mode, "LogTap", lambda _: SimpleNamespace(write=9, words=str)),
            mock.patch.object(restore_mode, "LOOK_SECONDS", 0.002),
            mock.patch.object(restore_mode, "ERROR", self.root / "error"),
            mock.patch.dict(os.environ, {"HOLDFAST_MEMBER": self.member}),
        ]
        for one in patches:
            one.start()
            self.addCleanup(one.stop)
        self.restore = self.begin()

    def begin(self) -> Restore:
        restore = Restore(self.patroni, lambda _: None)
        restore.watch()
        self.addCleanup(self.halt, restore)
        return restore

    def halt(self, restore: Restore) -> None:
        restore.stopping = True
        for thread in threading.enumerate():
            if thread.name == "restore":
                thread.join(5)

    def _make_way(self, *_: object) -> str:
        self.steps.append("aside")
        return "before-restore-1"

    def _method(self, on: bool) -> None:
        self.steps.append(f"from backup {on}")

    def order(self, **more: object) -> None:
        files.write(files.ORDER, {**ORDER, **more})

    def phase(self, wanted: str) -> dict:
        """The state, once the phase is that one."""
        end = time.monotonic() + 5
        while (found := files.read(files.STATE)).get("phase") != wanted:
            self.assertLess(time.monotonic(), end, f"{found} never became {wanted}")
            time.sleep(0.002)
        return found

    def until(self, true) -> None:
        end = time.monotonic() + 5
        while not true():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.002)


class Restorer(Member):
    def test_nothing_is_touched_before_go(self):
        self.order()
        state = self.phase("stopped")
        self.assertIn("20261125-020000F", state["detail"])
        self.assertTrue(self.restore.holds)
        self.assertEqual(self.patroni.calls, ["end"])
        self.assertEqual(self.steps, [])

    def test_keys_go_last_and_it_ends_with_a_leader(self):
        self.order()
        self.phase("stopped")
        files.write_text(files.GO, "one")
        state = self.phase("done")
        self.assertEqual(state["label"], "20261125-020000F")
        begun = ["alone", "aside", "forget sent", "clear", "from backup True", "from backup False"]
        self.assertEqual(self.steps, begun)
        self.assertEqual(self.patroni.calls, ["end", "start and listen"])
        self.until(lambda: not files.exists(files.ORDER))
        self.until(lambda: not self.restore.holds)
        self.assertEqual(files.read(files.WORK), {})

    def test_without_a_backup_nothing_is_touched(self):
        self.choose.side_effect = RepositoryError("local holds no backup of dev-a")
        self.order()
        self.assertEqual(self.phase("failed")["detail"], "local holds no backup of dev-a")
        self.assertEqual(self.steps, [])

    def test_a_mistake_of_ours_is_told_as_well(self):
        self.choose.side_effect = ZeroDivisionError("oh")
        self.order()
        self.assertIn("oh", self.phase("failed")["detail"])

    def fail(self) -> None:
        self.patroni.code = 1
        (self.root / "error").write_text("")
        self.order()
        files.write_text(files.GO, "one")
        self.phase("failed")

    def test_a_failure_has_pgbackrests_words(self):
        def start(output: int | None = None) -> None:
            self.patroni.code = 1
            restore_mode.ERROR.write_text("[075]: no backup set found to restore")

        self.patroni.start = start
        self.order()
        files.write_text(files.GO, "one")
        self.assertEqual(self.phase("failed")["detail"], "[075]: no backup set found to restore")

    def test_cancel_after_a_failure_puts_everything_back(self):
        self.fail()
        files.write_text(files.CANCEL, "one")
        self.phase("none")
        self.until(lambda: not self.restore.holds)
        self.assertIn("put back before-restore-1", self.steps)
        self.assertIn("keys {'config': '{}'}", self.steps)
        self.assertFalse(files.exists(files.ORDER))

    def test_a_second_order_after_a_failure_keeps_the_first_ones_old_data(self):
        self.fail()
        self.patroni.code = None
        self.order(id="two")
        files.write_text(files.GO, "two")
        self.phase("done")
        self.assertEqual(self.make_way.call_count, 1)

    def test_cancel_before_go_touches_nothing(self):
        self.order()
        self.phase("stopped")
        files.write_text(files.CANCEL, "one")
        self.phase("none")
        self.until(lambda: not self.restore.holds)
        self.assertEqual([step for step in self.steps if not step.startswith("from")], [])

    def test_a_restart_in_the_middle_begins_the_restore_again(self):
        work = {"id": "one", "label": "20261125-020000F", "timeline": 3, "bytes": 1}
        work |= {"aside": "before-restore-1", "keys": {"config": "{}"}, "cleared": True}
        files.write(files.WORK, work)
        files.write_phase("restoring", "", "one", label="20261125-020000F")
        files.write_text(files.GO, "one")
        (self.root / "main").mkdir()
        (self.root / "main/half").touch()
        self.order()
        self.phase("done")
        self.choose.assert_not_called()
        self.make_way.assert_not_called()
        self.assertFalse((self.root / "main/half").exists())

    def test_a_restart_after_the_restore_starts_what_was_restored(self):
        files.write(files.WORK, {"id": "one", "label": "l", "timeline": 3, "bytes": 1, "cleared": True})
        files.write_phase("recovering", "", "one")
        files.write_text(files.GO, "one")
        with (
            mock.patch.object(restore_mode.keys, "initialized", return_value=True),
            mock.patch.object(restore_mode.data, "holds_database", return_value=True),
        ):
            self.order()
            self.phase("done")
        self.assertEqual(self.patroni.calls, ["end", "start"])
        self.assertNotIn("clear", self.steps)


class Clone(Member):
    member = "postgres-2"

    def test_its_data_stays_until_the_restorer_leads(self):
        self.leader = ""
        self.patroni.role = "replica"
        (self.root / "main").mkdir()
        self.order()
        self.phase("stopped")
        files.write_text(files.GO, "one")
        self.phase("awaiting")
        self.assertTrue((self.root / "main").exists())
        self.leader = "postgres-1"
        self.phase("done")
        self.assertFalse((self.root / "main").exists())
        self.assertEqual(self.patroni.calls, ["end", "start"])

    def test_restored_data_is_no_longer_what_an_earlier_member_left(self):
        self.patroni.role = "replica"
        left = restore_mode.leaving
        with (
            mock.patch.object(left, "has_left", return_value=True),
            mock.patch.object(left, "stay") as stay,
        ):
            files.write_phase("cloning", "", "one")
            self.order()
            self.phase("done")
            # The phase is written last but for the files that go.
            stay.assert_called_once_with()

    def test_after_a_restart_a_clone_that_was_begun_is_not_dropped(self):
        self.patroni.role = "replica"
        (self.root / "main").mkdir()
        files.write_phase("cloning", "", "one")
        self.order()
        self.phase("done")
        self.assertTrue((self.root / "main").exists())


if __name__ == "__main__":
    unittest.main()
