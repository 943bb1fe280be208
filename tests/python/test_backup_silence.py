"""A run on an endpoint that is silent ends in time, and one that is only slow does not."""

import sys
import time
import unittest
import unittest.mock

from image_paths import use

use("backup")
from backup import process  # noqa: E402
from backup.errors import RepositoryFault  # noqa: E402
from engine.pgbackrest_faults import cause_of  # noqa: E402
from objects import silence  # noqa: E402

SILENT = RepositoryFault("cloud", "unreachable", "s3:7070 does not answer: timed out")


class Silence(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.fault: RepositoryFault | None = None
        self.watch = silence.Silence(None, self.check, lambda: self.now)  # type: ignore[arg-type]

    def check(self, _cloud: object) -> None:
        if self.fault is not None:
            self.now += 3
            raise self.fault

    def after(self, seconds: float) -> str:
        self.now += seconds
        return self.watch()

    def test_only_a_silence_without_a_break_counts(self) -> None:
        self.assertEqual(self.after(1000), "")
        self.fault = SILENT
        self.assertEqual(self.after(5), "")
        self.assertEqual(self.after(30), "")
        self.fault = None
        self.assertEqual(self.after(5), "")
        self.fault = SILENT
        self.assertEqual(self.after(5), "")
        self.assertEqual(self.after(35), "")
        self.assertRegex(self.after(5), "no answer for 49 s: .*s3:7070 does not answer")

    def test_the_reason_is_one_that_an_alert_can_name(self) -> None:
        self.fault = SILENT
        self.after(0)
        self.assertEqual(cause_of([self.after(60)]), "unreachable")


class Watched(unittest.TestCase):
    def setUp(self) -> None:
        patched = unittest.mock.patch.object(process, "WATCH_SECONDS", 0.05)
        patched.start()
        self.addCleanup(patched.stop)

    def test_a_run_is_ended_and_says_why_not_how(self) -> None:
        wait = "import time; print('ERROR: [063]: terminated'); time.sleep(60)"
        begin = time.monotonic()
        with self.assertRaises(process.ProgramFailed) as raised:
            process.run([sys.executable, "-uc", wait], quiet=True, watch=lambda: "it is silent")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(raised.exception.lines, ["it is silent"])
        self.assertIn("was ended: it is silent", str(raised.exception))

    def test_one_that_goes_on_is_left_alone_and_asked_about(self) -> None:
        asked: list[int] = []
        program = "import time; time.sleep(0.4); print('done')"
        output = process.run(
            [sys.executable, "-c", program], quiet=True, watch=lambda: asked.append(1) or ""
        )
        self.assertEqual(output, "done\n")
        self.assertGreater(len(asked), 1)
