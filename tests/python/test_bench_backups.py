"""bench/backups: its figures, and that an interrupted one leaves nothing running in a container."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
from backups_report import report, summary, verdicts  # noqa: E402

INSIDE = [sys.executable, str(BENCH.parent / "commands" / "bench" / "inside.py")]
COPY, LOCAL = "plain copy of that directory", "restore to first write, local"


def measured(what: str, *seconds: float) -> list[dict]:
    """As Bench.keep makes them."""
    return [
        {"round": n, "what": what, "seconds": value, "bytes": None, "load": 1.0}
        for n, value in enumerate(seconds, start=1)
    ]


class Figures(unittest.TestCase):
    def test_spread(self) -> None:
        (row,) = summary(measured(COPY, 4.0, 2.0, 9.0))
        self.assertEqual((row["n"], row["median"], row["min"], row["max"]), (3, 4.0, 2.0, 9.0))
        self.assertIsNone(row["bytes"])

    def test_limits(self) -> None:
        taken = measured(COPY, 4.0, 4.0, 4.0) + measured(LOCAL, 5.0, 6.0, 60.0)
        taken += measured("recovery point, cloud", 30.0, 61.0)
        found = {one["what"]: (one["value"], one["kept"]) for one in verdicts(taken)}
        self.assertEqual(found["restore from local, in plain copies"], (1.5, True))
        self.assertEqual(found["restore from cloud, in plain copies"], (None, False))
        self.assertEqual(found["recovery point from the cloud, s"], (61.0, False))
        self.assertEqual(found["whole cluster to first write, s"], (None, False))

    def test_what_was_not_measured_is_said_and_the_file_has_all(self) -> None:
        taken = measured(COPY, 4.0) + measured(LOCAL, 7.0)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "below" / "figures.json"
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertFalse(report(taken, {"scale": 60}, file))
            body = json.loads(file.read_text())
        self.assertEqual((body["scale"], body["measurements"]), (60, taken))
        self.assertIn("in plain copies: 1.75, limit 1.5: MISSED", said.getvalue())
        self.assertIn("whole cluster to first write, s: not measured", said.getvalue())


class Inside(unittest.TestCase):
    def test_output_code_and_time(self) -> None:
        script = "echo word; sleep 0.2; exit 3"
        with subprocess.Popen(
            [*INSIDE, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            body = json.loads(child.stdout.read())
        self.assertEqual((body["output"], body["code"]), ("word\n", 3))
        self.assertGreaterEqual(body["seconds"], 0.2)

    def test_who_is_left_alone_ends_with_all_it_started(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pid = Path(folder) / "pid"
            script = f"sleep 60 & echo $! > {pid}; wait"
            with subprocess.Popen(
                [*INSIDE, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as child:
                end = time.monotonic() + 10
                while not (pid.exists() and pid.read_text()) and time.monotonic() < end:
                    time.sleep(0.02)
                child.stdin.close()
                body = json.loads(child.stdout.read())
            self.assertEqual(body["code"], -signal.SIGTERM)
            with self.assertRaises(ProcessLookupError):
                for _ in range(100):
                    os.kill(int(pid.read_text()), 0)
                    time.sleep(0.05)
