"""What survives a restart, and that two runs never overlap."""

import errno
import json
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from image_paths import use

LIBRARY = use("backup")
from backup.errors import Busy  # noqa: E402
from backup import state as states  # noqa: E402
from backup.state import (  # noqa: E402
    Repository,
    Run,
    State,
    changing,
    exclusive,
    load,
    running,
    save,
)

HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from backup.state import exclusive
with exclusive(Path(sys.argv[2]), "full"):
    print("held", flush=True)
    time.sleep(60)
"""


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Remembered(Files):
    def test_what_is_saved_is_loaded(self) -> None:
        path = self.folder / "state.json"
        known = Repository(created=5.0, stanza_ready=True, damaged={"A": "bundle/1"})
        runs = {"local/full": Run(last_start=6.0, label="A")}
        state = State(created=5.0, runs=runs, repositories={"local": known})
        save(path, state)
        self.assertEqual(load(path), state)
        self.assertEqual([file.name for file in self.folder.iterdir()], ["state.json"])

    def test_a_missing_or_damaged_file_is_a_new_beginning(self) -> None:
        path = self.folder / "state.json"
        self.assertEqual(load(path, now=7.0), State(created=7.0))
        for text in ("", "{", "[]", '{"created": 1}', json.dumps({"created": 1, "runs": {"x": 3}})):
            path.write_text(text)
            self.assertEqual(load(path, now=7.0), State(created=7.0), text)


    def test_two_who_change_it_lose_nothing_of_each_other(self) -> None:
        path = self.folder / "state.json"
        save(path, State(created=1.0))
        change = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from backup.state import Run, changing
for _ in range(40):
    with changing(Path(sys.argv[2])) as known:
        known.runs.setdefault("local/full", Run()).failures += 1
"""
        command = [sys.executable, "-c", change, str(LIBRARY), str(path)]
        others = [subprocess.Popen(command) for _ in range(2)]
        self.assertEqual([other.wait() for other in others], [0, 0])
        self.assertEqual(load(path).runs["local/full"].failures, 80)

    def test_an_error_within_changes_nothing(self) -> None:
        path = self.folder / "state.json"
        save(path, State(created=1.0))
        with self.assertRaises(ValueError), changing(path) as known:
            known.created = 2.0
            raise ValueError
        self.assertEqual(load(path).created, 1.0)

    def test_on_a_full_volume_the_reserve_is_given_up(self) -> None:
        path = self.folder / "state.json"
        reserve = self.folder / "reserve"
        reserve.write_bytes(b"x")
        whole = states._write

        def full(target: Path, text: str) -> None:
            if reserve.exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            whole(target, text)

        with unittest.mock.patch.object(states, "_write", full):
            save(path, State(created=3.0))
        self.assertEqual(load(path).created, 3.0)


class Lock(Files):
    def hold(self) -> subprocess.Popen[str]:
        """A process of its own that holds the lock."""
        command = [sys.executable, "-c", HOLDER, str(LIBRARY), str(self.folder / "lock")]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        assert holder.stdout
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), "held\n")
        return holder

    def test_a_second_run_is_refused_by_name(self) -> None:
        self.hold()
        path = self.folder / "lock"
        self.assertEqual(running(path), "full")
        with self.assertRaisesRegex(Busy, r"another run \(full\) is under way since .*--wait"):
            with exclusive(path, "logical"):
                self.fail("two runs at once")

    def test_a_run_that_was_killed_holds_nothing(self) -> None:
        holder = self.hold()
        holder.kill()
        holder.wait()
        path = self.folder / "lock"
        self.assertIsNone(running(path))
        with exclusive(path, "logical"):
            self.assertEqual(running(path), "logical")
        self.assertIsNone(running(path))

    def test_the_lock_is_free_after_a_failure(self) -> None:
        path = self.folder / "lock"
        with self.assertRaises(ValueError), exclusive(path, "full"):
            raise ValueError
        with exclusive(path, "logical"):
            pass


if __name__ == "__main__":
    unittest.main()
