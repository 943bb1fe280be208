"""The guard's rules: which observations release a leader's key, and which never do."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from image_paths import use

use("guard")
import memory  # noqa: E402
from decide import (  # noqa: E402
    Cluster,
    Container,
    Hold,
    Key,
    Listed,
    Look,
    Release,
    decide,
    member_of,
    remember,
)
from silence import Silence  # noqa: E402

KEY = Key("postgres-1", "7587", "42")
CLUSTER = Cluster(KEY)
STARTED = "2026-11-25T09:00:00.5Z"
EXITED = Container("a" * 64, "exited", False, False, False, 0, STARTED)


def seen(*containers: Container) -> Look:
    return Look(frozenset(c.id for c in containers), {c.id: c for c in containers})


GONE = Look(frozenset(), {EXITED.id: None})


class Decide(unittest.TestCase):
    def release(self, *looks: Look, remembered: str | None = EXITED.id, **cluster: object) -> None:
        first, second = looks if len(looks) == 2 else (looks[0], looks[0])
        decision = decide(replace(CLUSTER, **cluster), first, second, remembered, 0.4)
        self.assertIsInstance(decision, Release, decision)

    def hold(
        self,
        part: str,
        *looks: Look,
        remembered: str | None = EXITED.id,
        age: float = 0.4,
        **cluster: object,
    ) -> Hold:
        first, second = looks if len(looks) == 2 else (looks[0], looks[0])
        decision = decide(replace(CLUSTER, **cluster), first, second, remembered, age)
        assert isinstance(decision, Hold), decision
        self.assertIn(part, decision.reason)
        return decision

    def test_exited_twice_is_dead(self) -> None:
        self.release(seen(EXITED))
        self.release(seen(EXITED), remembered=None)

    def test_a_removal_is_an_end(self) -> None:
        removing, dead = replace(EXITED, status="removing"), replace(EXITED, status="dead")
        self.release(seen(removing))
        self.release(seen(dead))
        self.release(seen(EXITED), seen(removing))
        self.release(seen(removing), GONE)
        self.release(GONE)

    def test_any_other_state_is_life(self) -> None:
        for status in ("running", "paused", "restarting", "created", "", "unheard-of"):
            other = replace(EXITED, status=status)
            self.hold(f"is {status}", seen(other))
            self.hold(f"is {status}", seen(EXITED), seen(other))
            self.hold(f"is {status}", seen(other), seen(EXITED))

    def test_a_flag_that_says_otherwise_is_life(self) -> None:
        for flag in ("running", "paused", "restarting"):
            self.hold("has a process", seen(replace(EXITED, **{flag: True})))
        self.hold("has a process", seen(replace(EXITED, pid=77)))

    def test_one_that_never_ran_proves_nothing(self) -> None:
        self.hold("never run", seen(replace(EXITED, started_at="0001-01-01T00:00:00Z")))

    def test_a_start_between_the_reads(self) -> None:
        again = replace(EXITED, started_at="2026-11-25T09:00:01.0Z")
        self.hold("started between", seen(EXITED), seen(again))

    def test_gone_needs_one_seen_running(self) -> None:
        nobody = Look(frozenset(), {})
        self.hold("ever seen", nobody, remembered=None)
        self.hold("not inspected", nobody)

    def test_gone_and_back(self) -> None:
        self.hold("is back", GONE, Look(frozenset(), {EXITED.id: EXITED}))

    def test_gone_while_another_container_is_that_member(self) -> None:
        new = replace(EXITED, id="b" * 64, status="running", running=True, pid=9)
        look = Look(frozenset({new.id}), {EXITED.id: None, new.id: new})
        self.hold("is running", look)
        self.hold("is running", GONE, look)
        # All that carry the member's labels have ended, and the remembered one is gone.
        ended = replace(EXITED, id=new.id)
        self.release(Look(frozenset({new.id}), {EXITED.id: None, new.id: ended}))

    def test_a_container_that_appears_between_the_reads(self) -> None:
        new = replace(EXITED, id="b" * 64)
        self.hold("appeared", seen(EXITED), seen(EXITED, new))

    def test_listed_and_gone_is_a_list_too_old(self) -> None:
        self.hold("vanished", Look(frozenset({EXITED.id}), {EXITED.id: None}))
        self.hold("not inspected", Look(frozenset({EXITED.id}), {}))

    def test_no_leader_or_a_strange_one(self) -> None:
        self.hold("no leader's key", seen(EXITED), leader=None)
        for value in ("", "postgres-", "postgres-0", "postgres-1x", "etcd-1", "b-postgres-1"):
            self.assertIsNone(member_of(value))
            self.hold("no member", seen(EXITED), leader=replace(KEY, value=value))

    def test_marks_hold_a_dead_leader(self) -> None:
        self.assertTrue(self.hold("stopping", seen(EXITED), stopping=True).worth_saying)
        self.assertTrue(self.hold("paused", seen(EXITED), paused=True).worth_saying)

    def test_a_look_that_took_long_is_taken_again(self) -> None:
        self.hold("looking again", seen(EXITED), age=3.1)

    def test_the_release_carries_what_must_not_have_changed(self) -> None:
        decision = decide(CLUSTER, seen(EXITED), GONE, EXITED.id, 0.4)
        assert isinstance(decision, Release)
        self.assertEqual((decision.key, decision.cluster), (KEY, CLUSTER))
        self.assertIn("aaaaaaaaaaaa is gone", decision.reason)


class Memory(unittest.TestCase):
    def test_only_who_lives_is_remembered(self) -> None:
        listed = [
            Listed("1", "running", "postgres-1"),
            Listed("2", "paused", "postgres-2"),
            Listed("3", "restarting", "postgres-3"),
            Listed("4", "exited", "postgres-4"),
            Listed("5", "created", "postgres-1"),
            Listed("6", "running", ""),
        ]
        found = remember({"postgres-4": "old", "postgres-3": "old"}, listed)
        self.assertEqual(
            found, {"postgres-1": "1", "postgres-2": "2", "postgres-3": "3", "postgres-4": "old"}
        )

    def test_the_file_survives_and_a_spoilt_one_is_empty(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "members.json"
            self.assertEqual(memory.load(file), {})
            memory.save(file, {"postgres-1": "1"})
            self.assertEqual(memory.load(file), {"postgres-1": "1"})
            self.assertEqual([entry.name for entry in Path(folder).iterdir()], ["members.json"])
            for spoilt in ("", "{", "[]", '{"postgres-1": 7}'):
                file.write_text(spoilt)
                self.assertEqual(memory.load(file), {}, spoilt)


class SilenceTest(unittest.TestCase):
    def ticks(self, silence: Silence, begin: float, seconds: int) -> float | None:
        return next((s for s in range(1, seconds + 1) if silence.tick(begin + s)), None)

    def test_ten_seconds_without_a_beat_are_a_hang(self) -> None:
        self.assertEqual(self.ticks(Silence(100.0), 100.0, 30), 10)

    def test_a_loop_that_turns_is_left_alone(self) -> None:
        silence = Silence(0.0)
        for now in range(1, 100):
            silence.beat(float(now))
            self.assertFalse(silence.tick(float(now)))

    def test_time_in_which_nothing_ran_is_no_silence(self) -> None:
        silence = Silence(0.0)
        self.assertIsNone(self.ticks(silence, 0.0, 5))
        self.assertFalse(silence.tick(65.0))  # docker pause
        # Five seconds of silence were before; five more make a hang.
        self.assertEqual(self.ticks(silence, 65.0, 30), 4)


if __name__ == "__main__":
    unittest.main()
