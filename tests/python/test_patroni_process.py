"""When Patroni is started anew under PostgreSQL, and when the container has to end."""

import os
import tempfile
import unittest
from pathlib import Path

import image_paths

image_paths.use("postgres")

from patroni_process import RENEWALS, SILENT_CHECKS, is_running, judge  # noqa: E402
from step_aside import is_paused, ready_replica  # noqa: E402

KILLED = -9


class Judgement(unittest.TestCase):
    def test_one_that_runs_and_answers_goes_on(self) -> None:
        self.assertEqual(judge(None, True, True, 0, 0), "go on")
        self.assertEqual(judge(None, True, True, SILENT_CHECKS - 1, 0), "go on")

    def test_a_killed_one_is_renewed_under_postgresql(self) -> None:
        self.assertEqual(judge(KILLED, True, True, 0, 0), "renew")

    def test_without_postgresql_the_container_ends(self) -> None:
        self.assertEqual(judge(KILLED, False, True, 0, 0), "end")

    def test_one_that_ends_by_itself_ends_the_container(self) -> None:
        for code in (0, 1, 78, -15):
            self.assertEqual(judge(code, True, True, 0, 0), "end", code)

    def test_a_hung_one_is_renewed(self) -> None:
        self.assertEqual(judge(None, True, True, SILENT_CHECKS, 0), "renew")

    def test_a_renewed_one_that_never_answers_fences_postgresql(self) -> None:
        self.assertEqual(judge(None, True, False, SILENT_CHECKS, 1), "end")

    def test_a_start_without_postgresql_may_wait_for_etcd_for_ever(self) -> None:
        self.assertEqual(judge(None, False, False, 10_000, 0), "go on")

    def test_again_and_again_is_no_accident(self) -> None:
        self.assertEqual(judge(KILLED, True, True, 0, RENEWALS), "end")
        self.assertEqual(judge(None, True, True, SILENT_CHECKS, RENEWALS), "end")


class PostgreSQL(unittest.TestCase):
    def test_the_file_must_name_a_living_process(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "postmaster.pid"
            self.assertFalse(is_running(file))
            file.write_text("")
            self.assertFalse(is_running(file))
            file.write_text("999999999\n/data\n")
            self.assertFalse(is_running(file))
            file.write_text(f"{os.getpid()}\n/data\n")
            self.assertFalse(is_running(file), "another program has the number now")
            own = Path("/proc/self/comm").read_text().strip()
            self.assertTrue(is_running(file, own))


class StepAside(unittest.TestCase):
    RUNS = {"role": "replica", "state": "running"}
    SYNC = {"leader": "postgres-1", "sync_standby": "postgres-2,postgres-3"}

    def test_a_synchronous_replica_that_runs_can_lead(self) -> None:
        states = {"postgres-2": {}, "postgres-3": self.RUNS}
        self.assertEqual(ready_replica(self.SYNC, states, "postgres-1"), "postgres-3")

    def test_nobody_else_can(self) -> None:
        for sync, states in (
            (self.SYNC, {}),
            (self.SYNC, {"postgres-2": {"role": "replica", "state": "starting"}}),
            (self.SYNC, {"postgres-2": {"role": "primary", "state": "running"}}),
            (self.SYNC, {"postgres-2": {**self.RUNS, "tags": {"nofailover": True}}}),
            ({"sync_standby": None}, {"postgres-2": self.RUNS}),
            ({"sync_standby": "postgres-3"}, {"postgres-2": self.RUNS}),
            ({"sync_standby": "postgres-1"}, {"postgres-1": self.RUNS}),
            ({}, {"postgres-2": self.RUNS}),
        ):
            self.assertIsNone(ready_replica(sync, states, "postgres-1"), sync)

    def test_a_paused_patroni_is_left_alone(self) -> None:
        self.assertTrue(is_paused('{"pause": true}'))
        for config in (None, "", "{}", '{"pause": false}', "no json"):
            self.assertFalse(is_paused(config), config)


if __name__ == "__main__":
    unittest.main()
