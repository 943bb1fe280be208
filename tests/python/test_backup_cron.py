"""Cron lines, by croniter: it is in the image; where it is missing, these tests are skipped."""

import calendar
import importlib.util
import time
import unittest

from image_paths import use

use("backup")


def instant(text: str) -> float:
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")))


@unittest.skipUnless(importlib.util.find_spec("croniter"), "croniter is not installed here")
class Previous(unittest.TestCase):
    def test_the_instant_itself_has_come(self) -> None:
        from backup.cron import previous

        at = instant("2026-11-23 02:15:00")
        self.assertEqual(previous("15 2 * * *", at), at)
        self.assertEqual(previous("15 2 * * *", at + 0.4), at)
        self.assertEqual(previous("15 2 * * *", at - 1), instant("2026-11-22 02:15:00"))

    def test_only_five_fields_are_a_cron_line(self) -> None:
        from backup.cron import check
        from backup.errors import SettingsError

        check("15 2 * * 1-5", "physical")
        for line in ("61 2 * * *", "15 2 * *", "15 2 * * * *", "@daily", ""):
            with self.assertRaisesRegex(SettingsError, "schedule.physical"):
                check(line, "physical")


if __name__ == "__main__":
    unittest.main()
