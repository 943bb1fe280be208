"""Which drill is due, and when one that failed is tried again."""

import unittest

from image_paths import use

use("backup")

from proof import rotation  # noqa: E402
from proof.rotation import Past  # noqa: E402

DAY = 86400.0
MINUTE = 60.0
ALL = rotation.combinations(["local", "cloud"])
LP, LL, CP, CL = ALL


def midnight(_line, now):
    return now // DAY * DAY


def due(past, now, begun=0.0, among=ALL, not_before=None):
    return rotation.due(among, past, "0 0 * * *", now, begun, midnight, not_before)


class Due(unittest.TestCase):
    def test_nothing_is_owed_from_before_the_first_day(self):
        self.assertIsNone(due({}, 0.5 * DAY, begun=0.4 * DAY))

    def test_the_first_instant_after_the_beginning_owes_one(self):
        self.assertEqual(due({}, DAY + 1, begun=0.4 * DAY), LP)

    def test_the_oldest_proof_is_renewed_first_and_never_proven_before_all(self):
        past = {LP: Past(1 * DAY), LL: Past(3 * DAY), CP: Past(0.9 * DAY)}
        self.assertEqual(due(past, 5 * DAY), CL)
        self.assertEqual(due({**past, CL: Past(4 * DAY)}, 5 * DAY + 1), CP)

    def test_one_that_passed_since_serves_the_day_whichever_it_was(self):
        self.assertIsNone(due({LP: Past(DAY + 10)}, DAY + 20))

    def test_a_machine_that_slept_owes_one_not_many(self):
        past = {key: Past(DAY) for key in ALL}
        first = due(past, 4 * DAY)
        self.assertIsNotNone(first)
        self.assertIsNone(due({**past, first: Past(4 * DAY + 5)}, 4 * DAY + 60))

    def test_a_week_of_days_proves_every_combination(self):
        past = {}
        for day in range(1, 8):
            now = day * DAY + 5
            chosen = due(past, now)
            past[chosen] = Past(now, now + 60)
            self.assertIsNone(due(past, now + 100))
        self.assertTrue(all(7 * DAY - past[key].proven < 7 * DAY for key in ALL))
        self.assertEqual(set(past), set(ALL))

    def test_a_proof_of_six_days_is_renewed_even_without_an_instant(self):
        past = {key: Past(10 * DAY + 50) for key in ALL} | {CL: Past(4 * DAY)}
        self.assertEqual(due(past, 10 * DAY + 60), CL)

    def test_with_one_repository_there_are_two(self):
        among = rotation.combinations(["local"])
        self.assertEqual(due({LP: Past(DAY)}, 2 * DAY, among=among), LL)


class AfterFailure(unittest.TestCase):
    def test_it_is_tried_again_after_a_while(self):
        past = {CP: Past(None, DAY + 100, 1), LP: Past(DAY + 200)}
        self.assertIsNone(due(past, DAY + 100 + 9 * MINUTE))
        self.assertEqual(due(past, DAY + 100 + 10 * MINUTE), CP)

    def test_the_day_is_served_by_another_meanwhile(self):
        past = {LP: Past(None, DAY + 100, 1)}
        self.assertEqual(due(past, DAY + 200), LL)

    def test_one_that_fails_for_ever_starves_nobody(self):
        past = {LP: Past(None, 0.0, 20)}
        seen = []
        for day in range(1, 9):
            now = day * DAY + 5
            while (chosen := due(past, now)) is not None:
                seen.append(chosen)
                if chosen == LP:
                    past[LP] = Past(None, now, past[LP].failures + 1)
                else:
                    past[chosen] = Past(now, now)
                now += 60
        self.assertEqual({LL, CP, CL, LP}, set(seen))
        self.assertGreaterEqual(seen.count(LL), 2)

    def test_waits_grow_to_six_hours(self):
        waits = [rotation.retry_at(Past(None, 0.0, n)) / MINUTE for n in (1, 2, 3, 6, 7, 500)]
        self.assertEqual(waits, [10, 20, 40, 320, 360, 360])
        self.assertEqual(rotation.retry_at(Past(5.0, 9.0, 0)), 0.0)

    def test_what_must_wait_leaves_the_turn_to_others(self):
        self.assertEqual(due({}, DAY + 1, not_before={LP: DAY + 300}), LL)
        self.assertEqual(due({}, DAY + 301, not_before={LP: DAY + 300}), LP)

    def test_when_all_must_wait_nothing_is_due(self):
        self.assertIsNone(due({}, DAY + 1, not_before=dict.fromkeys(ALL, DAY + 300)))


class History(unittest.TestCase):
    @staticmethod
    def record(hour, passed, repository="local", kind="physical"):
        at = f"1970-01-01T{hour:02}:00:00Z"
        end = f"1970-01-01T{hour:02}:30:00Z"
        return {
            "repository": repository,
            "kind": kind,
            "startedAt": at,
            "finishedAt": end,
            "passed": passed,
        }

    def test_the_newest_success_and_the_failures_since(self):
        records = [self.record(1, True), self.record(2, False), self.record(3, False)]
        self.assertEqual(rotation.history(records), {LP: Past(3600.0, 3.5 * 3600, 2)})

    def test_a_success_forgets_failures(self):
        found = rotation.history([self.record(1, False), self.record(2, True)])
        self.assertEqual(found, {LP: Past(7200.0, 2.5 * 3600, 0)})

    def test_a_damaged_record_is_passed_over(self):
        broken = [{}, {"repository": "local"}, {**self.record(1, True), "startedAt": "never"}]
        self.assertEqual(rotation.history([*broken, self.record(2, True, "cloud")]).keys(), {CP})


if __name__ == "__main__":
    unittest.main()
