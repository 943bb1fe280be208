"""When a backup is due, in which repository, and when it is tried again."""

import dataclasses
import json
import unittest

from backup_world import CLOUD, SETTINGS
from image_paths import use

use("backup")
from backup import settings  # noqa: E402
from backup.schedule import (  # noqa: E402
    DAY_SECONDS,
    Owed,
    due,
    due_since,
    jobs,
    physical_kind,
    retry_at,
    upload_due,
)
from backup.state import Outcome, Repository, Run, State, record  # noqa: E402

HOUR = 3600
DAY = 10 * DAY_SECONDS
BOTH = dataclasses.replace(
    settings.parse(json.dumps({**SETTINGS, "cloud": CLOUD})),
    physical="2",
    incremental="6",
    logical="3",
)
ONE = dataclasses.replace(BOTH, cloud=None)


def daily(hour: str, now: float) -> float:
    """Stands in for croniter: a "cron line" here is an hour of each day."""
    instant = now // DAY_SECONDS * DAY_SECONDS + int(hour) * HOUR
    return instant if instant <= now else instant - DAY_SECONDS


def known(**runs: float) -> State:
    """Two ready repositories as old as time; runs by `local_full=start of the newest success`."""
    entries = {
        name.replace("_", "/"): Run(last_start=at, last_stop=at + 1, last_success=at)
        for name, at in runs.items()
    }
    ready = {name: Repository(created=0, stanza_ready=True) for name in ("local", "cloud")}
    return State(created=0, runs=entries, repositories=ready)


class Due(unittest.TestCase):
    def test_nothing_is_owed_from_before_the_first_day(self) -> None:
        begun = DAY + 5 * HOUR
        self.assertIsNone(due_since("2", begun + HOUR, None, begun, daily))

    def test_is_owed_from_the_very_instant_on(self) -> None:
        at = DAY + 2 * HOUR
        self.assertIsNone(due_since("2", at - 1, None, DAY, daily))
        self.assertEqual(due_since("2", at, None, DAY, daily), at)

    def test_a_run_that_began_after_the_instant_has_served_it(self) -> None:
        at = DAY + 2 * HOUR
        self.assertIsNone(due_since("2", at + HOUR, at + 1, 0, daily))
        self.assertEqual(due_since("2", at + HOUR, at - 1, 0, daily), at)

    def test_three_missed_nights_are_one_run(self) -> None:
        asleep_since = DAY + 3 * HOUR
        now = DAY + 3 * DAY_SECONDS + 9 * HOUR
        owed = DAY + 3 * DAY_SECONDS + 2 * HOUR
        self.assertEqual(due_since("2", now, asleep_since, 0, daily), owed)
        self.assertIsNone(due_since("2", now + HOUR, now, 0, daily))

    def test_each_repository_owes_its_first_full_backup_at_once(self) -> None:
        state = known(local_full=DAY + 7 * HOUR)
        state.repositories["cloud"].created = DAY
        found = due(state, BOTH, DAY + 8 * HOUR, daily)
        self.assertIsNone(found["local", "physical"])
        self.assertEqual(found["cloud", "physical"], DAY)
        self.assertIsNone(found["cloud", "incremental"])

    def test_a_repository_not_seen_yet_begins_now(self) -> None:
        self.assertEqual(due(State(created=5), ONE, 7, daily)["local", "physical"], 7)

    def test_what_fails_in_one_is_not_owed_by_the_other(self) -> None:
        state = known(local_diff=DAY + 2 * HOUR + 5, cloud_diff=DAY - HOUR)
        found = due(state, BOTH, DAY + 4 * HOUR, daily)
        self.assertEqual(
            (found["local", "physical"], found["cloud", "physical"]), (None, DAY + 2 * HOUR)
        )

    def test_an_incremental_backup_does_not_serve_the_daily_schedule(self) -> None:
        state = known(local_full=DAY, local_incr=DAY + 3 * HOUR)
        self.assertEqual(
            due(state, ONE, DAY + 4 * HOUR, daily)["local", "physical"], DAY + 2 * HOUR
        )

    def test_any_base_backup_serves_the_incremental_schedule(self) -> None:
        for kind in ("full", "diff", "incr"):
            state = known(**{"local_full": DAY, f"local_{kind}": DAY + 6 * HOUR + 1})
            found = due(state, ONE, DAY + 7 * HOUR, daily)
            self.assertIsNone(found["local", "incremental"], kind)

    def test_the_cloud_owes_the_newest_dump_until_it_has_it(self) -> None:
        state = known()
        self.assertIsNone(upload_due(state, "cloud"))
        record(state, "local/logical", 0, 1, Outcome(label="20261123T024500Z"))
        self.assertEqual(upload_due(state, "cloud"), 1795401900)
        record(state, "cloud/logical", 0, 1, Outcome(error="no route"))
        self.assertEqual(upload_due(state, "cloud"), 1795401900)
        record(state, "cloud/logical", 0, 1, Outcome(label="20261123T024500Z"))
        self.assertIsNone(upload_due(state, "cloud"))
        record(state, "local/logical", 0, 1, Outcome(label="20261124T024500Z"))
        self.assertIsNotNone(upload_due(state, "cloud"))


class Jobs(unittest.TestCase):
    NOW = DAY + 8 * HOUR

    def names(self, state: State, owed: dict[str, Owed] | None = None) -> list[str]:
        found = jobs(state, BOTH, self.NOW, daily, owed or {})
        return [f"{job.repository}/{job.kind}" for job in found]

    def test_base_backups_before_dumps_and_no_increment_of_what_is_due_in_full(self) -> None:
        state = known(local_full=DAY, cloud_full=self.NOW - 1)
        self.assertEqual(self.names(state), ["local/physical", "local/logical"])

    def test_without_a_stanza_there_is_no_base_backup_but_a_dump(self) -> None:
        state = known()
        for entry in state.repositories.values():
            entry.stanza_ready = False
        self.assertEqual(self.names(state), ["local/logical"])

    def served(self, **runs: float) -> State:
        at = self.NOW - 1
        return known(**{"local_full": at, "cloud_full": at, "local_logical": at, **runs})

    def test_who_asks_for_a_full_backup_gets_it_first(self) -> None:
        state = self.served(local_full=DAY)
        names = self.names(state, {"cloud": Owed("a hole", since=self.NOW)})
        self.assertEqual(names[:2], ["cloud/full", "local/physical"])

    def test_a_full_backup_that_began_later_has_served(self) -> None:
        owed = {"cloud": Owed("a drill failed", since=self.NOW - 10)}
        self.assertEqual(self.names(self.served(), owed), [])

    def test_who_gave_no_time_is_left_a_moment_to_see_it(self) -> None:
        self.assertEqual(self.names(self.served(), {"cloud": Owed("a hole")}), [])
        state = self.served(cloud_full=self.NOW - 3600, cloud_diff=self.NOW - 1)
        self.assertEqual(self.names(state, {"cloud": Owed("a hole")}), ["cloud/full"])

    def test_a_damaged_dump_is_made_again(self) -> None:
        state = self.served()
        state.repositories["local"].damaged_dump_since = self.NOW
        self.assertEqual(self.names(state), ["local/logical"])


class Kind(unittest.TestCase):
    def test_full_when_there_is_none(self) -> None:
        self.assertEqual(physical_kind([], 1e9, 7), "full")

    def test_differential_until_the_full_one_is_old(self) -> None:
        newest = 100 * DAY_SECONDS
        self.assertEqual(physical_kind([0, newest], newest + 6 * DAY_SECONDS, 7), "diff")
        self.assertEqual(physical_kind([0, newest], newest + 7 * DAY_SECONDS, 7), "full")

    def test_a_full_backup_that_began_seconds_late_does_not_shift_the_rotation(self) -> None:
        newest = 100 * DAY_SECONDS + 20
        self.assertEqual(physical_kind([newest], 101 * DAY_SECONDS, 1), "full")


class Retry(unittest.TestCase):
    def failed(self, failures: int, **more: float) -> State:
        run = Run(last_stop=1000, failures=failures)
        known = Repository(created=0, **more)
        return State(created=0, runs={"cloud/full": run}, repositories={"cloud": known})

    def test_waits_longer_after_each_failure_up_to_half_an_hour(self) -> None:
        waits = [
            retry_at(self.failed(failures), "cloud", ("full",)) - 1000
            for failures in (1, 2, 3, 5, 6, 5000)
        ]
        self.assertEqual(waits, [60, 120, 240, 960, 1800, 1800])

    def test_at_once_after_a_success(self) -> None:
        state = self.failed(3)
        state.runs["cloud/incr"] = Run(last_stop=2000, failures=0)
        self.assertEqual(retry_at(state, "cloud", ("full", "incr")), 0)
        self.assertEqual(retry_at(State(created=0), "cloud", ("full",)), 0)

    def test_at_once_when_the_repository_was_mended_since(self) -> None:
        self.assertEqual(retry_at(self.failed(9, mended=1001), "cloud", ("full",)), 0)
        self.assertEqual(retry_at(self.failed(9, mended=999), "cloud", ("full",)), 2800)

    def test_one_repository_does_not_wait_for_the_other(self) -> None:
        self.assertEqual(retry_at(self.failed(9), "local", ("full",)), 0)

    def test_a_failure_keeps_the_last_success_and_counts(self) -> None:
        state = State(created=0)
        record(state, "local/full", 100, 110, Outcome(label="A", bytes=5))
        record(state, "local/full", 200, 201, Outcome(error="no space", cause="full"))
        record(state, "local/full", 300, 301, Outcome(error="no space", cause="full"))
        run = state.runs["local/full"]
        self.assertEqual((run.last_success, run.failures, run.label), (100, 2, "A"))
        self.assertEqual((run.previous_bytes, run.cause), (None, "full"))
        record(state, "local/full", 400, 420, Outcome(label="B", bytes=6))
        self.assertEqual((run.last_success, run.failures, run.error, run.cause), (400, 0, "", ""))
        self.assertEqual((run.previous_bytes, run.previous_duration), (5, 10))


if __name__ == "__main__":
    unittest.main()
