"""What outlives a restore is found by what it is, and ended."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from image_paths import use

use("backup")
from proof import leftovers  # noqa: E402


class Fetching(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def process(self, pid: int, *command: str) -> None:
        place = self.folder / str(pid)
        place.mkdir()
        (place / "cmdline").write_bytes("".join(f"{word}\0" for word in command).encode())

    def test_only_what_fetches_ahead(self) -> None:
        self.process(7, "/usr/bin/pgbackrest", "--stanza=S", "archive-get:async", "0" * 24)
        self.process(8, "pgbackrest", "--stanza=S", "archive-get:async", "0" * 24)
        self.process(9, "pgbackrest", "--stanza=S", "archive-get", "0" * 24, "x")
        self.process(10, "grep", "archive-get:async")
        self.process(11, "pgbackrest", "server")
        self.process(12)
        (self.folder / "13").mkdir()
        (self.folder / "uptime").touch()
        self.assertEqual(leftovers.fetching(self.folder), [7, 8])


class Ending(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)
        self.data = self.scratch / "physical"
        self.data.mkdir()

    def test_a_server_on_this_folder_and_no_other_process(self) -> None:
        wait = "import time; print('runs', flush=True); time.sleep(60)"
        for folder, ends in ((str(self.data), True), ("/elsewhere", False)):
            # Its parent, this test, must not be the one to reap it: nobody else would.
            command = [sys.executable, "-c", wait, "-D", folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
                try:
                    # Popen returns before the kernel shows the new program's command line.
                    child.stdout.readline()
                    (self.data / "postmaster.pid").write_text(f"{child.pid}\n{folder}\n")
                    leftovers.end(self.scratch)
                    if ends:
                        self.assertLess(child.wait(30), 0)
                    else:
                        self.assertIsNone(child.poll())
                finally:
                    child.kill()

    def test_a_pid_file_of_nobody(self) -> None:
        for text in ("", "nonsense\n", "4194305\n"):
            (self.data / "postmaster.pid").write_text(text)
            leftovers.end(self.scratch)
