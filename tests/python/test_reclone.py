"""When a replica gives up its data and clones the leader anew."""

import unittest
from dataclasses import replace
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import reclone  # noqa: E402
from lock import LockHeld  # noqa: E402
from patroni_api import PatroniError  # noqa: E402
from reclone import Watch  # noqa: E402
from reclone_rules import (  # noqa: E402
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PATIENCE,
    LeaderLook,
    OwnLook,
    Patience,
    proof,
    trouble_of,
)
from replica_look import (  # noqa: E402
    is_repair,
    segment_in_title,
    segment_number,
    slot_of,
)

STREAMS = OwnLook(
    state="running",
    role="replica",
    streaming=True,
    system="7712",
    files=True,
    busy=False,
    needs=None,
    replayed=None,
    free=0.5,
)
BEHIND = replace(STREAMS, streaming=False, needs=5, replayed="0/50000A0")
HALF = replace(STREAMS, state="stopped", role="uninitialized", streaming=False, system=None)
BROKEN = replace(STREAMS, state="start failed", streaming=False)
LEADER = LeaderLook("postgres-3", "10.0.0.13", True, system="7712", oldest=21)


class Trouble(unittest.TestCase):
    def test_a_replica_that_streams_has_none(self) -> None:
        self.assertIsNone(trouble_of(STREAMS))

    def test_a_leader_never_has_any(self) -> None:
        for role in ("primary", "standby_leader"):
            for own in (BEHIND, HALF, BROKEN):
                self.assertIsNone(trouble_of(replace(own, role=role)))

    def test_the_three_kinds(self) -> None:
        self.assertEqual(trouble_of(BEHIND), "not streaming")
        self.assertEqual(trouble_of(HALF), "no database")
        for state in ("start failed", "crashed", "stopped", "unknown"):
            self.assertEqual(trouble_of(replace(BROKEN, state=state)), "does not start")

    def test_an_empty_data_directory_is_patronis_own_to_fill(self) -> None:
        self.assertNotEqual(trouble_of(replace(HALF, files=False)), "no database")

    def test_work_under_way_is_left_alone(self) -> None:
        for state in ("creating replica", "starting", "stopping", "restarting"):
            self.assertIsNone(trouble_of(replace(BROKEN, state=state)))
        for own in (BEHIND, HALF, BROKEN):
            self.assertIsNone(trouble_of(replace(own, busy=True)))

    def test_a_start_that_waits_for_wal_counts(self) -> None:
        self.assertEqual(trouble_of(replace(BEHIND, state="starting")), "not streaming")


class Proof(unittest.TestCase):
    def test_wal_that_the_leader_no_longer_has(self) -> None:
        reason = proof("not streaming", BEHIND, LEADER)
        self.assertIn("postgres-3 no longer has the WAL that it needs next, by 16", reason or "")

    def test_wal_that_the_leader_has_is_no_proof(self) -> None:
        for needs in (21, 22, None):
            own = replace(BEHIND, needs=needs)
            self.assertIsNone(proof("not streaming", own, LEADER))
        self.assertIsNone(proof("not streaming", BEHIND, replace(LEADER, oldest=None)))

    def test_nothing_is_given_up_without_a_working_leader(self) -> None:
        cases = {"not streaming": BEHIND, "no database": HALF, "does not start": BROKEN}
        for trouble, own in cases.items():
            self.assertIsNotNone(proof(trouble, own, LEADER))
            for leader in (
                LeaderLook("nobody", "", False),
                replace(LEADER, works=False),
                replace(LEADER, paused=True),
                replace(LEADER, attached=True),
            ):
                self.assertIsNone(proof(trouble, own, leader), (trouble, leader))

    def test_another_clusters_leader_proves_nothing(self) -> None:
        for trouble, own in (("not streaming", BEHIND), ("does not start", BROKEN)):
            self.assertIsNone(proof(trouble, own, replace(LEADER, system="1")))
            self.assertIsNone(proof(trouble, own, replace(LEADER, system=None)))

    def test_a_start_that_fails_for_another_reason(self) -> None:
        self.assertIsNone(proof("does not start", replace(BROKEN, free=0.01), LEADER))
        waits = replace(LEADER, pending_restart=True)
        self.assertIsNone(proof("does not start", BROKEN, waits))


class Waiting(unittest.TestCase):
    def test_each_trouble_has_its_time(self) -> None:
        for trouble, own in {"not streaming": BEHIND, "no database": HALF}.items():
            patience = Patience()
            self.assertIsNone(patience.over(own, 100.0))
            self.assertIsNone(patience.over(own, 100.0 + PATIENCE[trouble] - 1))
            self.assertEqual(patience.over(own, 100.0 + PATIENCE[trouble]), trouble)

    def test_progress_begins_the_time_anew(self) -> None:
        for further in (replace(BEHIND, needs=6), replace(BEHIND, replayed="0/5FFFFFF")):
            patience = Patience()
            patience.over(BEHIND, 0.0)
            self.assertIsNone(patience.over(further, 40.0))
            self.assertEqual(patience.over(further, 70.0), "not streaming")

    def test_streaming_in_between_begins_the_time_anew(self) -> None:
        patience = Patience()
        patience.over(BEHIND, 0.0)
        patience.over(STREAMS, 29.0)
        self.assertIsNone(patience.over(BEHIND, 31.0))

    def test_tries_come_less_and_less_often(self) -> None:
        patience, now, pauses = Patience(), 0.0, []
        for _ in range(9):
            patience.tried(now)
            pauses.append(patience.pause)
            patience.over(BEHIND, now + 1)
            self.assertIsNone(patience.over(BEHIND, now + patience.pause - 1))
            now += patience.pause
            self.assertIsNotNone(patience.over(BEHIND, now))
        self.assertEqual(pauses[:3], [FIRST_PAUSE_SECONDS * n for n in (1, 2, 4)])
        self.assertEqual(pauses[-1], LONGEST_PAUSE_SECONDS)
        patience.tried(now + 3 * LONGEST_PAUSE_SECONDS)
        self.assertEqual(patience.pause, FIRST_PAUSE_SECONDS)


class Acting(unittest.TestCase):
    """The watcher with fakes in place of Patroni, PostgreSQL and etcd."""

    def setUp(self) -> None:
        self.log: list[str] = []
        self.own, self.leader, self.now = BEHIND, LEADER, 0.0
        self.lock = mock.MagicMock()
        # Patroni's reinitialize makes a replica of this member again.
        self.change = mock.Mock(side_effect=lambda *_: self.become(STREAMS))
        self.renew = mock.Mock()
        fakes = {
            "look_at_self": lambda: self.own,
            "look_at_leader": lambda: self.leader,
            "change": self.change,
            "renew_slot": self.renew,
            "Lock": mock.Mock(return_value=self.lock),
            "Etcd": mock.Mock(),
            "addresses": lambda _: ["10.0.0.2"],
            "secret": lambda _: "secret",
            "key": lambda name: f"/holdfast/t/{name}",
            "fact": lambda _: "postgres-1",
        }
        for name, fake in fakes.items():
            patcher = mock.patch.object(reclone, name, fake)
            patcher.start()
            self.addCleanup(patcher.stop)
        for name, fake in {"monotonic": lambda: self.now, "sleep": self.sleep}.items():
            patcher = mock.patch.object(reclone.time, name, fake)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.watch = Watch(self.log.append)

    def become(self, own: OwnLook) -> None:
        self.own = own

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def steps(self, seconds: float) -> None:
        for _ in range(int(seconds / 5)):
            self.now += 5
            self.watch.step()

    def test_it_clones_once_through_its_own_patroni(self) -> None:
        self.steps(30)
        self.change.assert_not_called()
        self.steps(60)
        self.change.assert_called_once_with(
            "127.0.0.1", "POST", "/reinitialize", {"force": True}, 10.0
        )
        self.assertIn("clones postgres-3 anew", self.log[0])
        self.assertIn("streams again", self.log[1])

    def test_a_slot_that_was_given_up_is_made_anew(self) -> None:
        self.leader = replace(LEADER, slot_invalid=True)
        self.steps(40)
        self.renew.assert_called_with(self.leader, "postgres-1")

    def test_also_when_patroni_cloned_by_itself(self) -> None:
        self.leader = replace(LEADER, slot_invalid=True, attached=True)
        for own in (STREAMS, replace(HALF, state="creating replica")):
            self.renew.reset_mock()
            self.own, self.watch = own, Watch(self.log.append)
            self.steps(5)
            self.renew.assert_called_once()
        self.change.assert_not_called()

    def test_a_valid_slot_is_left_alone(self) -> None:
        self.own = STREAMS
        self.steps(300)
        self.renew.assert_not_called()

    def test_the_proof_must_still_hold_under_the_lock(self) -> None:
        gone = LeaderLook("nobody", "", False)
        self.lock.__enter__.side_effect = lambda: setattr(self, "leader", gone)
        self.steps(60)
        self.lock.__enter__.assert_called()
        self.change.assert_not_called()

    def test_it_waits_for_another_that_clones(self) -> None:
        self.lock.__enter__.side_effect = LockHeld("held by postgres-2")
        self.steps(100)
        self.change.assert_not_called()
        self.assertIn("waits: held by postgres-2", self.log[0])
        self.assertLess(len(self.log), 6)
        self.lock.__enter__.side_effect = None
        self.steps(50)
        self.change.assert_called_once()

    def test_a_clone_that_fails_is_tried_again_later(self) -> None:
        self.change.side_effect = lambda *_: self.become(HALF)
        self.steps(35)
        self.assertEqual(self.change.call_count, 1)
        self.assertIn("was not cloned", self.log[-1])
        self.steps(FIRST_PAUSE_SECONDS + PATIENCE["no database"] + 10)
        self.assertEqual(self.change.call_count, 2)

    def test_a_refusal_of_patroni_ends_nothing(self) -> None:
        self.change.side_effect = PatroniError("no leader")
        with self.assertRaises(PatroniError):
            self.steps(40)
        self.change.side_effect = lambda *_: self.become(STREAMS)
        self.steps(FIRST_PAUSE_SECONDS + 40)
        self.assertEqual(self.change.call_count, 2)


class Names(unittest.TestCase):
    def test_segments_are_numbered_across_logs(self) -> None:
        self.assertEqual(segment_number("0000000000000005"), 5)
        self.assertEqual(segment_number("00000001000000FF"), 511)
        self.assertIsNone(segment_number(None))

    def test_the_startup_process_says_what_it_waits_for(self) -> None:
        for words in ("startup recovering", "startup waiting for"):
            title = f"postgres: dev-a: {words} 000000030000000000000028   "
            self.assertEqual(segment_in_title(title), 40)
        self.assertIsNone(segment_in_title("postgres: dev-a: startup waiting for 0/50000A0"))
        self.assertIsNone(segment_in_title("postgres: archiver last was 000000030000000000000028"))

    def test_slots_are_named_as_patroni_names_them(self) -> None:
        self.assertEqual(slot_of("postgres-11"), "postgres_11")

    def test_programs_that_mend(self) -> None:
        folder = "/usr/lib/postgresql/17/bin"
        for title in (
            f"{folder}/pg_rewind -D /var/lib/postgresql/17/main",
            f"{folder}/pg_basebackup --pgdata=x",
            f"{folder}/postgres --single -D x",
        ):
            self.assertTrue(is_repair(title), title)
        self.assertFalse(is_repair(f"{folder}/postgres -D /var/lib/postgresql/17/main"))
        self.assertFalse(is_repair("grep pg_rewind"))


if __name__ == "__main__":
    unittest.main()
