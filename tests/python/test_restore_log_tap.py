"""Why PostgreSQL ended, found in what it wrote; and what it writes passes through."""

import os
import subprocess
import sys
import unittest

from image_paths import use

LIBRARY = use("postgres")
from log_tap import words  # noqa: E402


class Words(unittest.TestCase):
    def test_the_reason_and_not_what_clients_are_told(self):
        lines = [
            "2026-11-25 13:15:20.1 UTC [94] FATAL:  recovery ended before configured recovery target was reached",
            "2026-11-25 13:15:20.2 UTC [96] postgres@postgres [unknown] FATAL:  the database system is starting up",
            "2026-11-25 13:15:20.2 UTC [96] postgres@postgres [unknown] DETAIL:  Hot standby mode is disabled.",
            "2026-11-25 13:15:20.3 UTC [85] LOG:  startup process (PID 94) exited with exit code 1",
        ]
        self.assertEqual(words(lines), "recovery ended before configured recovery target was reached")

    def test_what_explains_it_comes_along(self):
        lines = [
            "x UTC [9] FATAL:  requested timeline 3 is not a child of this server's history",
            "x UTC [9] DETAIL:  Latest checkpoint is at 0/8000080 on timeline 2.",
            "x UTC [9] LOG:  database system is shut down",
        ]
        self.assertIn("; Latest checkpoint is at", words(lines))

    def test_nothing_for_nothing(self):
        self.assertEqual(words(["2026-11-25 INFO: no action"]), "")


PROGRAM = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from log_tap import LogTap
seen = []
tap = LogTap(seen.append)
os.write(tap.write, b'LOG:  restored log file "000000010000000000000004" from archive\\nFATAL:  no')
os.write(tap.write, b' space\\n')
end = time.monotonic() + 5
while tap.words() != "no space" and time.monotonic() < end:
    time.sleep(0.01)
print(tap.words(), seen[0])
"""


class Tap(unittest.TestCase):
    def test_copies_all_and_remembers(self):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(LIBRARY)],
            capture_output=True,
            text=True,
            timeout=20,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.assertEqual(done.stdout.strip(), "no space 000000010000000000000004")
        self.assertIn("FATAL:  no space\n", done.stderr)


if __name__ == "__main__":
    unittest.main()
