"""The pooler's watchdog: when a silent PgBouncer is killed, and when not."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images" / "pooler"))

from pooler.watchdog import Watchdog  # noqa: E402


class WatchdogTest(unittest.TestCase):
    def setUp(self) -> None:
        self.watchdog = Watchdog()
        self.now = 100.0
        self.watchdog.started(self.now)

    def ticks_until_kill(self, seconds: float, answers: bool = False) -> float | None:
        """Ticks every 0.5 s for `seconds`; the time of the first kill after the beginning, or
        None."""
        begun = self.now
        while self.now - begun < seconds:
            self.now += 0.5
            if answers:
                self.watchdog.answer(self.now)
            if self.watchdog.tick(self.now):
                return self.now - begun
        return None

    def test_is_patient_while_pgbouncer_starts(self) -> None:
        self.assertIsNone(self.ticks_until_kill(29))
        self.assertIsNotNone(self.ticks_until_kill(2))

    def test_answering_is_never_killed(self) -> None:
        self.assertIsNone(self.ticks_until_kill(60, answers=True))

    def test_silent_for_two_seconds_is_killed(self) -> None:
        self.ticks_until_kill(5, answers=True)
        self.assertEqual(self.ticks_until_kill(10), 2.0)

    def test_a_restart_begins_anew(self) -> None:
        self.ticks_until_kill(5, answers=True)
        self.ticks_until_kill(10)
        self.watchdog.started(self.now)
        self.assertFalse(self.watchdog.answered)
        self.assertIsNone(self.ticks_until_kill(10))

    def test_time_in_which_the_watchdog_itself_did_not_run_does_not_count(self) -> None:
        self.ticks_until_kill(5, answers=True)
        self.now += 60  # docker pause
        self.assertFalse(self.watchdog.tick(self.now))
        self.assertIsNone(self.ticks_until_kill(5, answers=True))

    def test_a_hang_is_still_found_after_such_a_gap(self) -> None:
        self.ticks_until_kill(5, answers=True)
        self.now += 60
        self.assertFalse(self.watchdog.tick(self.now))
        killed = self.ticks_until_kill(10)
        assert killed is not None
        self.assertLessEqual(killed, 2.0)

    def test_slow_pings_do_not_stretch_its_patience(self) -> None:
        # A ping that times out makes ticks come every second instead of every half.
        self.ticks_until_kill(5, answers=True)
        begun = self.now
        killed = False
        while not killed and self.now - begun < 10:
            self.now += 1.0
            killed = self.watchdog.tick(self.now)
        self.assertLessEqual(self.now - begun, 2.0)


if __name__ == "__main__":
    unittest.main()
