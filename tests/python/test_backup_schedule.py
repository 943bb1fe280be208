"""When a backup is due, and when it is tried again."""

import unittest

from image_paths import use

use("backup")
from backup.schedule import (  # noqa: E402
    DAY_SECONDS,
    due_since,
    logical_due,
    physical_due,
    physical_kind,
    retry_at,
)
from backup.state import Outcome, Run, State, record  # noqa: E402

HOUR = 3600


def daily(hour: str, now: float) -> float:
    """Stands in for croniter: a "cron line" here is an hour of each day."""
    instant = now // DAY_SECONDS * DAY_SECONDS + int(hour) * HOUR
    return instant if instant <= now else instant - DAY_SECONDS


class Due(unittest.TestCase):
    def test_nothing_is_owed_from_before_the_first_day(self) -> None:
        begun = 10 * DAY_SECONDS + 5 * HOUR
        self.assertIsNone(due_since("2", begun + HOUR, None, begun, daily))

    def test_is_owed_from_the_very_instant_on(self) -> None:
        begun = 10 * DAY_SECONDS
        at = 10 * DAY_SECONDS + 2 * HOUR
        self.assertIsNone(due_since("2", at - 1, None, begun, daily))
        self.assertEqual(due_since("2", at, None, begun, daily), at)

    def test_a_run_that_began_after_the_instant_has_served_it(self) -> None:
        at = 10 * DAY_SECONDS + 2 * HOUR
        self.assertIsNone(due_since("2", at + HOUR, at + 1, 0, daily))
        self.assertEqual(due_since("2", at + HOUR, at - 1, 0, daily), at)

    def test_three_missed_nights_are_one_run(self) -> None:
        asleep_since = 10 * DAY_SECONDS + 3 * HOUR
        now = 13 * DAY_SECONDS + 9 * HOUR
        self.assertEqual(due_since("2", now, asleep_since, 0, daily), 13 * DAY_SECONDS + 2 * HOUR)
        self.assertIsNone(due_since("2", now + HOUR, now, 0, daily))

    def test_without_any_base_backup_one_is_owed_at_once(self) -> None:
        state = State(created=1000)
        self.assertEqual(physical_due(state, "2", 1001, daily), 1000)
        self.assertIsNone(logical_due(state, "2", 1001, daily))

    def test_full_and_incremental_serve_one_schedule_and_a_dump_does_not(self) -> None:
        at = 10 * DAY_SECONDS + 2 * HOUR
        state = State(created=0, runs={"incr": Run(last_success=at + 5)})
        self.assertIsNone(physical_due(state, "2", at + 10, daily))
        self.assertEqual(logical_due(state, "2", at + 10, daily), at)


class Kind(unittest.TestCase):
    def test_full_when_there_is_none(self) -> None:
        self.assertEqual(physical_kind([], 1e9, 7), "full")

    def test_incremental_until_the_full_one_is_old(self) -> None:
        newest = 100 * DAY_SECONDS
        self.assertEqual(physical_kind([0, newest], newest + 6 * DAY_SECONDS, 7), "incr")
        self.assertEqual(physical_kind([0, newest], newest + 7 * DAY_SECONDS, 7), "full")

    def test_a_full_backup_that_began_seconds_late_does_not_shift_the_rotation(self) -> None:
        newest = 100 * DAY_SECONDS + 20
        self.assertEqual(physical_kind([newest], 101 * DAY_SECONDS, 1), "full")


class Retry(unittest.TestCase):
    def test_waits_longer_after_each_failure_up_to_half_an_hour(self) -> None:
        waits = [
            retry_at({"full": Run(last_stop=1000, failures=failures)}, ("full",)) - 1000
            for failures in (1, 2, 3, 5, 6, 50)
        ]
        self.assertEqual(waits, [60, 120, 240, 960, 1800, 1800])

    def test_at_once_after_a_success(self) -> None:
        self.assertEqual(retry_at({}, ("full", "incr")), 0)
        runs = {"full": Run(last_stop=1000, failures=3), "incr": Run(last_stop=2000, failures=0)}
        self.assertEqual(retry_at(runs, ("full", "incr")), 0)

    def test_a_failure_keeps_the_last_success_and_counts(self) -> None:
        state = State(created=0)
        record(state, "full", 100, 110, Outcome(label="A", bytes=5))
        record(state, "full", 200, 201, Outcome(error="no space"))
        record(state, "full", 300, 301, Outcome(error="no space"))
        run = state.runs["full"]
        self.assertEqual((run.last_success, run.failures, run.label), (100, 2, "A"))
        record(state, "full", 400, 410, Outcome(label="B", bytes=6))
        self.assertEqual((run.last_success, run.failures, run.error), (400, 0, ""))


if __name__ == "__main__":
    unittest.main()
