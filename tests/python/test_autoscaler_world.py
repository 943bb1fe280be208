"""The real loop over recorded traffic: no flapping, bounds never broken, in time to the maximum; and
what it does when instances hang, sources go silent, an update runs or it is restarted."""

import random
import unittest
from collections.abc import Callable

from autoscaler_world import World, config, shape
from scaler.keys import RunData

LED = "postgres-1"
SEEDS = range(6)


def traffic(name: str) -> tuple[Callable[[float], float], float]:
    """The shape as a function of time, and its length in seconds."""
    lines = shape(name)

    def rate(now: float) -> float:
        return next(rate for at, rate in reversed(lines) if at <= now)

    return rate, lines[-1][0]


def world(seed: int, name: str = "", rate: float = 40, **other: object) -> World:
    given = traffic(name)[0] if name else (lambda _: rate)
    return World(random.Random(seed), given, **other)


def turns(history: list[tuple[float, int, int]]) -> int:
    """How often the number of instances changed its direction."""
    levels = [desired for _, desired, _ in history]
    steps = [b - a for a, b in zip(levels, levels[1:], strict=False) if a != b]
    return sum(1 for a, b in zip(steps, steps[1:], strict=False) if (a > 0) != (b > 0))


class Recorded(unittest.TestCase):
    def run_shape(self, name: str, seed: int) -> World:
        seen = world(seed, name)
        seen.run(traffic(name)[1])
        for at, desired, ready in seen.history:
            self.assertTrue(2 <= desired <= 4, f"{name}, seed {seed}, {at} s: {desired}")
            self.assertLessEqual(ready, 4)
        for box in (seen.boxes[1], seen.boxes[2]):
            self.assertEqual(box.state, "running", f"{name}, seed {seed}")
        return seen

    def test_a_step_reaches_the_maximum_in_15_seconds_and_comes_back_after_the_window(self) -> None:
        for seed in range(5):
            history = self.run_shape("step", seed).history
            served = next(at for at, _, ready in history if at > 600 and ready == 4)
            self.assertLessEqual(served - 600, 15, f"seed {seed}")
            down = next(at for at, desired, _ in history if at > 1200 and desired == 2)
            # The window, a few seconds of measuring, and one instance in 15 s.
            self.assertTrue(1500 <= down <= 1330 + 300, f"seed {seed}: {down}")
            self.assertEqual(turns(history), 1, f"seed {seed}")

    def test_with_a_large_maximum_too(self) -> None:
        for seed in range(5):
            settings = config(2, 20)
            seen = world(seed, settings=settings)
            seen.run(60)
            seen.rate = lambda _: 1500
            seen.run(60)
            served = next(at for at, _, ready in seen.history if at > 60 and ready == 20)
            self.assertLessEqual(served - 60, 15, f"seed {seed}")

    def test_a_day_goes_up_and_down_without_flapping(self) -> None:
        for seed in range(3):
            # Up in the morning, perhaps down and up around noon, down at night.
            self.assertLessEqual(turns(self.run_shape("day", seed).history), 3, f"seed {seed}")

    def test_spikes_closer_than_the_window_are_one_time_up(self) -> None:
        for seed in range(3):
            history = self.run_shape("spikes", seed).history
            # Up with the first spike, down a window after the last one, nothing between.
            self.assertEqual(turns(history), 1, f"seed {seed}")
            first_down = next(at for at, desired, _ in history if at > 310 and desired < 4)
            self.assertGreater(first_down, 2253 + 300, f"seed {seed}")

    def test_noise_around_the_threshold_does_not_flap(self) -> None:
        for seed in range(5):
            history = self.run_shape("noise", seed).history
            levels = {desired for _, desired, _ in history}
            self.assertLessEqual(max(levels), 3, f"seed {seed}")
            # An hour has twelve down windows: a change of direction in each would be flapping.
            self.assertLessEqual(turns(history), 6, f"seed {seed}")

    def test_overload_that_cannot_be_counted_as_requests_is_seen_in_the_queue(self) -> None:
        # Few requests a second, each of them slow: only what is at work says so.
        settings = config(2, 4, requests=1000.0)
        seen = world(1, rate=300, settings=settings)
        seen.run(30)
        self.assertEqual(seen.scaler.metrics.desired, 4)
        self.assertIn("at work", seen.scaler.metrics.reason)


class Holds(unittest.TestCase):
    def busy(self, seed: int = 1) -> World:
        seen = world(seed, rate=190, begin_running=4)
        seen.run(400)
        self.assertEqual(seen.scaler.metrics.desired, 4)
        return seen

    def test_without_the_edge_nothing_changes_however_long(self) -> None:
        seen = self.busy()
        seen.edge_silent, seen.rate = True, lambda _: 0
        seen.run(1000)
        self.assertEqual(seen.scaler.metrics.desired, 4)
        self.assertIn("the edge says nothing", seen.scaler.metrics.held)
        self.assertEqual(sorted(n for n, box in seen.boxes.items() if box.state == "running"),
                         [1, 2, 3, 4])  # fmt: skip
        # Back again, a whole window passes before the first one goes.
        seen.edge_silent = False
        begin = seen.now
        seen.run(700)
        first = next(at for at, desired, _ in seen.history if at > begin and desired < 4)
        self.assertGreaterEqual(first - begin, 299)

    def test_while_nobody_leads_the_database_nothing_changes(self) -> None:
        seen = self.busy()
        seen.data, seen.rate = RunData(leader=""), lambda _: 0
        seen.run(600)
        self.assertEqual(seen.scaler.metrics.desired, 4)
        self.assertEqual(seen.scaler.metrics.held, "the database has no leader")

    def test_a_silent_etcd_keeps_the_pin_and_holds(self) -> None:
        seen = self.busy()
        seen.data = RunData(pinned=3, leader=LED)
        seen.run(30)
        self.assertEqual(seen.scaler.metrics.desired, 3)
        seen.data, seen.rate = None, lambda _: 900
        seen.run(60)
        self.assertEqual(seen.scaler.metrics.desired, 3)

    def test_docker_away_is_survived(self) -> None:
        seen = self.busy()
        seen.docker_silent = True
        seen.run(20)
        self.assertEqual(seen.scaler.metrics.held, "Docker does not answer")
        seen.docker_silent = False
        seen.run(20)
        self.assertEqual(seen.scaler.metrics.held, "")

    def test_a_restart_takes_nothing_away_before_a_whole_window(self) -> None:
        seen = self.busy()
        seen.rate = lambda _: 40
        seen.run(200)
        seen.restart()
        begin = seen.now
        seen.run(500)
        first = next(at for at, desired, _ in seen.history if at > begin and desired < 4)
        self.assertTrue(299 <= first - begin <= 303, first - begin)
        self.assertEqual(seen.scaler.metrics.desired, 2)

    def test_a_pin_survives_a_restart_and_is_bounded(self) -> None:
        seen = world(1)
        seen.data = RunData(pinned=4, leader=LED)
        seen.run(20)
        self.assertEqual(len(seen.ready()), 4)
        seen.restart()
        seen.run(400)
        self.assertEqual(seen.scaler.metrics.desired, 4)
        seen.data = RunData(pinned=1, leader=LED)
        seen.run(60)
        self.assertEqual(seen.scaler.metrics.desired, 2)
        self.assertEqual(len(seen.ready()), 2)

    def test_an_update_only_adds_and_begins_with_a_spare(self) -> None:
        seen = world(1)
        seen.run(20)
        seen.data = RunData(deploying=True, leader=LED)
        seen.run(15)
        self.assertEqual(len(seen.ready()), 3)
        # Pulumi takes one away and makes it anew; all of them run afterwards.
        del seen.boxes[2]
        seen.run(5)
        self.assertGreaterEqual(len(seen.ready()), 2)
        self.assertEqual(seen.scaler.metrics.missing, (2,))
        seen.boxes[2] = type(seen.boxes[1])(2, "running", seen.now)
        seen.run(600)
        self.assertGreaterEqual(len(seen.ready()), 3)
        seen.data = RunData(leader=LED)
        seen.run(290)
        self.assertGreaterEqual(len(seen.ready()), 3)
        seen.run(60)
        self.assertEqual(len(seen.ready()), 2)

    def test_a_stack_that_goes_down_is_left_alone(self) -> None:
        seen = self.busy()
        seen.data = RunData(leader=LED, stopping=True)
        for box in seen.boxes.values():
            box.state = "exited"
        seen.run(30)
        self.assertEqual([box.starts for box in seen.boxes.values()][:2], [0, 0])


class Mends(unittest.TestCase):
    def test_a_hung_instance_is_started_anew_within_20_seconds(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        seen.boxes[2].hung = True
        seen.run(20)
        self.assertEqual(seen.boxes[2].kills, 1)
        self.assertEqual(len([n for n in (1, 2) if n in seen.ready()]), 2)
        seen.run(400)
        self.assertEqual(seen.boxes[2].kills, 1)
        self.assertEqual(sorted(seen.ready()), [1, 2])

    def test_a_paused_one_too_also_while_the_edge_is_silent(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        seen.boxes[1].state, seen.edge_silent = "paused", True
        seen.run(20)
        self.assertEqual((seen.boxes[1].kills, seen.boxes[1].state), (1, "running"))

    def test_a_killed_one_is_started(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        seen.boxes[1].state = "exited"
        seen.run(10)
        self.assertEqual(sorted(seen.ready()), [1, 2])
        self.assertEqual(seen.boxes[3].starts, 0)

    def test_all_at_once_is_the_databases_fault(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        for box in seen.boxes.values():
            box.sick = True
            seen.run(1)
        seen.run(300)
        self.assertEqual(sum(box.kills for box in seen.boxes.values()), 0)
        self.assertIn("fail at once", seen.scaler.metrics.mend_held)
        for box in seen.boxes.values():
            box.sick = False
        seen.run(20)
        self.assertEqual(seen.scaler.metrics.mend_held, "")

    def test_a_single_instance_is_started_anew_when_it_hangs_and_not_when_it_says_it_is_ill(
        self,
    ) -> None:
        for hung in (True, False):
            seen = world(1, settings=config(1, 1), begin_running=1)
            seen.run(60)
            seen.boxes[1].hung, seen.boxes[1].sick = hung, not hung
            seen.run(60)
            self.assertEqual(seen.boxes[1].kills, int(hung))

    def test_all_that_hang_are_started_anew_one_at_a_time(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        seen.boxes[1].hung = seen.boxes[2].hung = True
        most = 0
        for _ in range(60):
            seen.run(1)
            most = max(most, sum(1 for what, _ in seen.busy.values() if what == "mend"))
        self.assertEqual(most, 1)
        self.assertEqual(sorted(seen.ready())[:2], [1, 2])

    def test_one_that_fails_again_and_again_is_tried_more_and_more_rarely(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        box, tries = seen.boxes[2], []
        for _ in range(3600):
            if box.state == "running":
                box.sick = True
            kills = box.kills
            seen.run(1)
            if box.kills > kills:
                tries.append(seen.now)
        pauses = [b - a for a, b in zip(tries, tries[1:], strict=False)]
        self.assertLessEqual(len(tries), 11)
        self.assertEqual(pauses, sorted(pauses))
        self.assertGreaterEqual(pauses[0], 60)
        # Meanwhile a spare serves in its place.
        self.assertEqual(len(seen.ready()), 2)

    def test_never_more_than_one_of_four_at_once(self) -> None:
        seen = world(1, rate=190, begin_running=4)
        seen.run(60)
        for number in (2, 3, 4):
            seen.boxes[number].hung = True
        most = 0
        for _ in range(60):
            seen.run(1)
            most = max(most, sum(1 for what, _ in seen.busy.values() if what == "mend"))
        self.assertEqual(most, 1)
        self.assertEqual([seen.boxes[n].kills for n in (2, 3, 4)], [1, 1, 1])

    def test_none_while_an_update_is_at_work(self) -> None:
        seen = world(1, rate=80)
        seen.run(60)
        seen.boxes[2].hung, seen.data = True, RunData(deploying=True, leader=LED)
        seen.run(60)
        self.assertEqual(seen.boxes[2].kills, 0)
        seen.data = RunData(leader=LED)
        seen.run(5)
        self.assertEqual(seen.boxes[2].kills, 1)


class Chaos(unittest.TestCase):
    """Anything may happen at any time: bounds hold, no instance that must run is stopped."""

    def test_random_events(self) -> None:
        for seed in SEEDS:
            rng = random.Random(seed)
            minimum = rng.randint(1, 3)
            settings = config(minimum, rng.randint(minimum, 8))
            seen = world(seed, settings=settings, begin_running=minimum)
            for _ in range(150):
                box = rng.choice(list(seen.boxes.values()))
                rng.choice([
                    lambda: setattr(seen, "rate", lambda _, r=rng.uniform(0, 600): r),
                    lambda: setattr(seen, "edge_silent", not seen.edge_silent),
                    lambda: setattr(seen, "docker_silent", not seen.docker_silent),
                    lambda: setattr(seen, "data", None),
                    lambda: setattr(seen, "data", RunData(leader="")),
                    lambda: setattr(seen, "data", RunData(rng.choice([None, 0, 3, 30]), rng.random() < 0.3, LED)),
                    lambda b=box: setattr(b, "hung", True),
                    lambda b=box: setattr(b, "sick", not b.sick),
                    lambda b=box: setattr(b, "state", rng.choice(["exited", "paused", "running"])),
                    seen.restart,
                ])()  # fmt: skip
                seen.run(rng.choice([1, 3, 10, 40]))
                desired = seen.scaler.metrics.desired
                self.assertTrue(
                    settings.minimum <= desired <= settings.maximum or desired == 0,
                    f"seed {seed}, {seen.now}: {desired}",
                )
            # Left in peace, it finds its way back.
            seen.edge_silent = seen.docker_silent = False
            seen.data, seen.rate = RunData(leader=LED), lambda _: 10
            for box in seen.boxes.values():
                box.sick = False
            seen.run(1500)
            self.assertEqual(
                len(seen.ready()), settings.minimum, f"seed {seed}: {seen.boxes} {seen.log[-4:]}"
            )


if __name__ == "__main__":
    unittest.main()
