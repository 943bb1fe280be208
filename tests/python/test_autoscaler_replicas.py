"""The arithmetic by itself: examples from the HPA's documentation, and properties over random ones."""

import random
import unittest

from image_paths import use

use("autoscaler")
from autoscaler_world import config  # noqa: E402
from scaler.plan import Planner, Situation  # noqa: E402
from scaler.replicas import (  # noqa: E402
    Measurement,
    Policy,
    Rules,
    Steps,
    Windows,
    recommend,
)

SEEDS = range(20)
AT_ONCE = Rules(0, (Policy("instances", 20, 15),))


def requests(total: float | None, target: float = 50.0) -> Measurement:
    return Measurement("requests/s", total, target)


class Ratio(unittest.TestCase):
    def wanted(self, current: int, *totals: float | None) -> int | None:
        advice = recommend(current, [requests(total) for total in totals], 0.1)
        return None if advice is None else advice.instances

    def test_it_is_rounded_up(self) -> None:
        for total, wanted in ((200, 4), (201, 5), (150, 3), (1, 1), (0, 0), (499.9, 10)):
            self.assertEqual(self.wanted(1, total), wanted, total)

    def test_within_the_tolerance_nothing_changes(self) -> None:
        for total, wanted in ((110, 2), (110.1, 3), (90, 2), (89.9, 2), (50, 1), (49, 1)):
            self.assertEqual(self.wanted(2, total), wanted, total)
        self.assertEqual(self.wanted(4, 180), 4)
        self.assertEqual(self.wanted(4, 179), 4)  # ceil(3.58): the rounding keeps it as well
        self.assertEqual(self.wanted(4, 150), 3)

    def test_the_highest_measurement_counts(self) -> None:
        self.assertEqual(self.wanted(2, 60, 190), 4)
        self.assertEqual(self.wanted(2, 190, 60), 4)

    def test_a_missing_measurement_adds_nothing_and_takes_nothing_away(self) -> None:
        self.assertEqual(self.wanted(4, 60, None), 4)
        self.assertEqual(self.wanted(2, 190, None), 4)
        self.assertIsNone(self.wanted(3, None, None))

    def test_those_that_start_are_not_asked_for_again(self) -> None:
        # Two serve 200 requests a second, two more are starting: four is enough.
        self.assertEqual(self.wanted(4, 200), 4)

    def test_the_arithmetic_in_words(self) -> None:
        self.assertEqual(
            str(recommend(2, [requests(182), requests(None)], 0.1)),
            "requests/s 182.0 / 50 = 3.64, requests/s unknown",
        )


class DownWindow(unittest.TestCase):
    DOWN = Rules(300, (Policy("instances", 20, 15),))

    def run_through(self, series: list[tuple[float, int]], current: int, up: Rules) -> list[int]:
        windows, seen = Windows(), []
        for at, wanted in series:
            current = windows.stabilised(at, current, wanted, up, self.DOWN)
            seen.append(current)
        return seen

    def test_a_dip_takes_nothing_away(self) -> None:
        series = [(t, 4 if t % 290 == 0 else 2) for t in range(0, 2000, 10)]
        self.assertEqual(set(self.run_through(series, 4, AT_ONCE)), {4})

    def test_down_after_a_whole_window_and_not_before(self) -> None:
        series = [(float(t), 4 if t < 100 else 2) for t in range(0, 600, 5)]
        seen = dict(zip((t for t, _ in series), self.run_through(series, 4, AT_ONCE), strict=True))
        self.assertEqual(seen[395.0], 4)
        self.assertEqual(seen[400.0], 2)

    def test_up_at_once_without_an_up_window(self) -> None:
        self.assertEqual(self.run_through([(0.0, 2), (1.0, 4)], 2, AT_ONCE), [2, 4])

    def test_an_up_window_waits_for_the_lowest(self) -> None:
        up = Rules(30, AT_ONCE.policies)
        series = [(float(t), 2 if t < 10 else 4) for t in range(60)]
        seen = self.run_through(series, 2, up)
        self.assertEqual(seen[39], 2)
        self.assertEqual(seen[40], 4)

    def test_after_a_gap_a_whole_window_passes_again(self) -> None:
        series = [(float(t), 2) for t in range(0, 301, 5)] + [(400.0 + t, 2) for t in range(310)]
        seen = self.run_through(series, 4, AT_ONCE)
        self.assertEqual(seen[60], 4)  # at 300 s: the seed is still within the window
        windows = Windows()
        self.assertEqual(windows.stabilised(0.0, 4, 2, AT_ONCE, self.DOWN), 4)
        for at in range(1, 299):
            windows.stabilised(float(at), 4, 2, AT_ONCE, self.DOWN)
        self.assertEqual(windows.stabilised(320.0, 4, 2, AT_ONCE, self.DOWN), 4)
        self.assertEqual(windows.stabilised(330.0, 4, 2, AT_ONCE, self.DOWN), 4)


class StepPolicies(unittest.TestCase):
    def test_as_many_as_a_policy_allows_in_its_period(self) -> None:
        rules, steps = Rules(0, (Policy("instances", 2, 15),)), Steps()
        self.assertEqual(steps.highest(0, 2, rules), 4)
        steps.changed(0, 2)
        self.assertEqual(steps.highest(14, 4, rules), 4)
        self.assertEqual(steps.highest(15, 4, rules), 6)
        self.assertEqual(steps.lowest(14, 4, rules), 2)

    def test_per_cent_of_what_there_was_when_the_period_began(self) -> None:
        rules, steps = Rules(0, (Policy("percent", 100, 15),)), Steps()
        self.assertEqual(steps.highest(0, 3, rules), 6)
        steps.changed(0, 3)
        self.assertEqual(steps.highest(5, 6, rules), 6)
        half = Rules(0, (Policy("percent", 50, 15),))
        self.assertEqual(Steps().lowest(0, 5, half), 2)

    def test_the_most_generous_policy_counts(self) -> None:
        rules = Rules(0, (Policy("instances", 4, 15), Policy("percent", 100, 15)))
        self.assertEqual(Steps().highest(0, 2, rules), 6)
        self.assertEqual(Steps().highest(0, 8, rules), 16)


class Properties(unittest.TestCase):
    def test_bounds_pins_steps_and_holds_over_random_measurements(self) -> None:
        for seed in SEEDS:
            rng = random.Random(seed)
            minimum = rng.randint(1, 5)
            settings = config(
                minimum, rng.randint(minimum, 20),
                up=Rules(rng.choice([0, 10]), (Policy("instances", rng.randint(1, 20), 15),)),
                down=Rules(rng.choice([0, 60, 300]), (Policy("instances", rng.randint(1, 3), 15),)),
            )  # fmt: skip
            planner, now, before = Planner(), 0.0, None
            running = rng.randint(minimum, settings.maximum)
            for _ in range(600):
                now += rng.choice([1.0, 1.0, 1.0, 2.0, 30.0])
                total = rng.choice([None, 0.0, rng.uniform(0, 2000)])
                pinned = rng.choice([None, None, None, rng.randint(-3, 40)])
                hold = rng.choice(["", "", "", "the database has no leader"])
                deploying = rng.random() < 0.2
                plan = planner.decide(
                    now, settings, Situation(running, pinned, hold, deploying), [requests(total)]
                )
                where = f"seed {seed}, {now} s: {plan}"
                self.assertGreaterEqual(plan.instances, settings.minimum, where)
                self.assertLessEqual(plan.instances, settings.maximum, where)
                if pinned is not None and not deploying:
                    bounded = max(settings.minimum, min(settings.maximum, pinned))
                    self.assertEqual(plan.instances, bounded, where)
                if before is not None and pinned is None:
                    if hold or (total is None and not deploying):
                        self.assertEqual(plan.instances, before, where)
                    if deploying:
                        self.assertGreaterEqual(plan.instances, before, where)
                    if not deploying:
                        step = settings.down.policies[0].amount
                        self.assertGreaterEqual(plan.instances, before - step, where)
                before, running = plan.instances, plan.instances

    def test_more_traffic_never_asks_for_fewer(self) -> None:
        for seed in SEEDS:
            rng = random.Random(seed)
            for _ in range(500):
                current, total = rng.randint(1, 20), rng.uniform(0, 1500)
                less, more = (
                    recommend(current, [requests(one)], 0.1) for one in (total, total * 1.2)
                )
                self.assertLessEqual(less.instances, more.instances, f"seed {seed}: {total}")

    def test_what_is_asked_for_bears_the_load_within_the_tolerance(self) -> None:
        for seed in SEEDS:
            rng = random.Random(seed)
            for _ in range(500):
                current, total = rng.randint(1, 20), rng.uniform(1, 1500)
                advice = recommend(current, [requests(total)], 0.1)
                each = total / advice.instances
                self.assertLessEqual(each, 50 * 1.1 + 1e-6, f"seed {seed}: {total} on {advice}")


if __name__ == "__main__":
    unittest.main()
