"""Where the pooler's pools lead, from what the members say."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images" / "pooler"))

from pooler.files import Facts, render  # noqa: E402
from pooler.looks import Look, answered, failed  # noqa: E402
from pooler.routes import OLD_TIMELINE_SECONDS, Routes, decide  # noqa: E402

A, B, C, NOBODY = "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14"
LIMIT = 1000
NOW = 100.0


def primary(timeline: int = 1, location: int = 5000, earlier: int | None = None,
            since: float = 0.0) -> Look:
    return Look(NOW, "primary", 0, "primary", timeline, location,
                location if earlier is None else earlier, since)


def replica(timeline: int = 1, location: int = 5000) -> Look:
    return Look(NOW, "replica", 0, "replica", timeline, location, location)


def decided(before: Routes, looks: dict[str, Look], left: frozenset[str] = frozenset()) -> Routes:
    return decide(before, looks, left, LIMIT, NOW)


def silent(look: Look, times: int, kind: str = "silent") -> Look:
    for _ in range(times):
        look = failed(look, kind, NOW)
    return look


CALM = Routes(A, None, (B, C))


class Leader(unittest.TestCase):
    def test_the_holder_of_the_lease_leads_and_the_replicas_read(self) -> None:
        looks = {A: primary(), B: replica(), C: replica(), NOBODY: silent(Look(), 9)}
        self.assertEqual(decided(Routes(), looks), CALM)

    def test_one_lost_answer_changes_nothing(self) -> None:
        looks = {A: silent(primary(), 1), B: replica(), C: replica()}
        self.assertEqual(decided(CALM, looks), CALM)

    def test_two_lost_answers_hold_writes_and_keep_reads(self) -> None:
        looks = {A: silent(primary(), 2), B: replica(), C: replica()}
        routes = decided(CALM, looks)
        self.assertEqual((routes.leader, routes.readers), (A, (B, C)))
        self.assertIn("does not answer", routes.hold or "")

    def test_a_leader_that_says_it_leads_no_more_holds_at_once(self) -> None:
        for kind in ("replica", "other"):
            looks = {A: Look(NOW, kind, 0, kind), B: replica(), C: replica()}
            self.assertIn("leads no more", decided(CALM, looks).hold or "", kind)

    def test_a_hold_lasts_until_somebody_leads(self) -> None:
        held = Routes(A, "gone", (B, C))
        looks = {A: silent(primary(), 5), B: replica(), C: replica()}
        self.assertIsNotNone(decided(held, looks).hold)
        looks[B] = primary(timeline=2, since=NOW)
        self.assertEqual(decided(held, looks), Routes(B, None, (C,)))

    def test_a_postgresql_that_takes_writes_speaks_for_a_silent_patroni(self) -> None:
        looks = {A: silent(primary(), 5), B: replica(), C: replica()}
        self.assertEqual(decide(CALM, looks, frozenset(), LIMIT, NOW, vouched=True).hold, None)
        held = Routes(A, "gone", (B, C))
        self.assertEqual(decide(held, looks, frozenset(), LIMIT, NOW, vouched=True), CALM)

    def test_a_postgresql_that_ended_its_sessions_holds_whatever_its_patroni_says(self) -> None:
        looks = {A: primary(), B: replica(), C: replica()}
        held = decide(CALM, looks, frozenset(), LIMIT, NOW, suspected=A)
        self.assertEqual((held.leader, held.hold), (A, f"{A} ended its sessions"))
        looks[B] = primary(timeline=2, since=NOW)
        self.assertEqual(decide(held, looks, frozenset(), LIMIT, NOW, suspected=A),
                         Routes(B, None, (C,)))

    def test_nothing_speaks_for_one_that_leads_no_more(self) -> None:
        looks = {A: Look(NOW, "other", 0, "other"), B: replica(), C: replica()}
        self.assertIn("leads no more",
                      decide(CALM, looks, frozenset(), LIMIT, NOW, vouched=True).hold or "")
        looks = {A: silent(primary(), 5), B: primary(timeline=2, since=NOW), C: replica()}
        self.assertEqual(decide(CALM, looks, frozenset(), LIMIT, NOW, vouched=True).leader, B)

    def test_the_same_leader_after_a_crash_ends_the_hold(self) -> None:
        looks = {A: primary(), B: replica(), C: replica()}
        self.assertEqual(decided(Routes(A, "gone", (B, C)), looks), CALM)

    def test_of_two_that_answer_the_higher_timeline_leads(self) -> None:
        looks = {A: primary(timeline=1), B: primary(timeline=2), C: replica()}
        self.assertEqual(decided(CALM, looks).leader, B)
        looks = {A: primary(timeline=3), B: primary(timeline=2), C: replica()}
        self.assertEqual(decided(CALM, looks).leader, A)

    def test_nobody_known_at_first_means_waiting(self) -> None:
        routes = decided(Routes(), {A: Look(), B: Look()})
        self.assertIsNone(routes.leader)
        self.assertIsNotNone(routes.hold)


class Readers(unittest.TestCase):
    def test_a_replica_beyond_the_limit_reads_no_more(self) -> None:
        looks = {A: primary(location=9000), B: replica(location=7999), C: replica(location=8000)}
        self.assertEqual(decided(CALM, looks).readers, (C,))

    def test_what_was_written_between_two_questions_is_no_lag(self) -> None:
        looks = {A: primary(location=90_000, earlier=5500), B: replica(), C: replica()}
        self.assertEqual(decided(CALM, looks).readers, (B, C))

    def test_the_leader_reads_when_no_replica_can(self) -> None:
        looks = {A: primary(), B: silent(replica(), 2), C: replica(location=10)}
        self.assertEqual(decided(CALM, looks).readers, (A,))

    def test_one_that_left_is_left_out(self) -> None:
        looks = {A: primary(), B: replica(), C: replica()}
        self.assertEqual(decided(CALM, looks, frozenset({B})).readers, (C,))

    def test_one_silence_is_forgiven_two_are_not(self) -> None:
        looks = {A: primary(), B: silent(replica(), 1), C: replica()}
        self.assertEqual(decided(CALM, looks).readers, (B, C))
        looks[B] = silent(replica(), 2, "refused")
        self.assertEqual(decided(CALM, looks).readers, (C,))

    def test_an_old_timeline_is_forgiven_for_a_while(self) -> None:
        fresh = primary(timeline=2, since=NOW - OLD_TIMELINE_SECONDS + 1)
        stands = primary(timeline=2, since=NOW - OLD_TIMELINE_SECONDS)
        self.assertEqual(decided(CALM, {A: fresh, B: replica(), C: replica(2)}).readers, (B, C))
        self.assertEqual(decided(CALM, {A: stands, B: replica(), C: replica(2)}).readers, (C,))

    def test_without_a_leader_a_newcomer_waits(self) -> None:
        looks = {A: silent(primary(), 3), B: replica(), C: replica()}
        self.assertEqual(decided(Routes(A, None, (B,)), looks).readers, (B,))


class Looks(unittest.TestCase):
    def test_the_status_code_says_who_leads(self) -> None:
        body = {"role": "primary", "state": "running", "timeline": 4, "xlog": {"location": 70}}
        look = answered(Look(), 200, body, NOW)
        self.assertEqual((look.kind, look.timeline, look.location), ("primary", 4, 70))
        # The lease has run out, whatever PostgreSQL thinks.
        self.assertEqual(answered(look, 503, body, NOW).kind, "other")

    def test_a_replica_counts_by_what_it_replayed(self) -> None:
        body = {"role": "replica", "state": "running", "timeline": 4,
                "xlog": {"received_location": 90, "replayed_location": 80}}
        look = answered(Look(), 503, body, NOW)
        self.assertEqual((look.kind, look.location, look.earlier), ("replica", 80, 80))
        body["xlog"] = {"replayed_location": 95}
        self.assertEqual(answered(look, 503, body, NOW).earlier, 80)

    def test_a_starting_one_is_neither(self) -> None:
        self.assertEqual(answered(Look(), 503, {"role": "replica", "state": "starting"}, 1.0).kind,
                         "other")
        self.assertEqual(answered(Look(), 503, {}, 1.0).kind, "other")

    def test_since_counts_from_the_change(self) -> None:
        first = answered(Look(), 200, {"role": "primary"}, 10.0)
        self.assertEqual(answered(first, 200, {"role": "primary"}, 20.0).since, 10.0)
        self.assertEqual(answered(first, 503, {"role": "replica", "state": "running"}, 20.0).since,
                         20.0)


class File(unittest.TestCase):
    def test_it_names_both_pools(self) -> None:
        text = render(Facts("shop", (A, B, C), 1), CALM)
        self.assertIn(f"\nshop = host={A} port=5432 dbname='shop'\n", text)
        self.assertIn(f"\nshop_ro = host={B},{C} port=5432 dbname='shop'\n", text)

    def test_without_a_leader_it_is_a_file_all_the_same(self) -> None:
        self.assertIn(f"host={A} ", render(Facts("shop", (A, B), 1), Routes()))


class Sites(unittest.TestCase):
    """A site that may take no writes."""

    def standby(self, timeline: int = 1) -> Look:
        return Look(NOW, "standby", 0, "standby", timeline, 5000, 5000)

    def not_writable(self, before: Routes, looks: dict[str, Look], suspected: str | None = None) -> Routes:
        return decide(before, looks, frozenset(), LIMIT, NOW, False, suspected, writable=False)

    def test_both_pools_lead_to_standbys(self) -> None:
        routes = self.not_writable(Routes(), {A: self.standby(), B: replica()})
        self.assertEqual(routes, Routes(A, None, (B,)))
        self.assertEqual(self.not_writable(routes, {A: self.standby()}).readers, (A,))

    def test_nobody_is_let_through_to_a_primary(self) -> None:
        looks = {A: primary(), B: replica(), C: replica()}
        routes = self.not_writable(CALM, looks)
        self.assertEqual((routes.leader, routes.hold), (A, "this site takes no writes"))
        self.assertEqual(self.not_writable(Routes(), looks).leader, None)

    def test_a_session_that_ended_there_is_no_reason_to_hold(self) -> None:
        routes = self.not_writable(Routes(A, None, (B,)), {A: self.standby(), B: replica()}, A)
        self.assertIsNone(routes.hold)

    def test_a_standby_leader_is_known_by_its_own_answer(self) -> None:
        body = {"role": "standby_leader", "state": "running", "timeline": 3,
                "xlog": {"replayed_location": 700}}
        look = answered(Look(), 503, body, NOW)
        self.assertEqual((look.kind, look.timeline, look.location), ("standby", 3, 700))
        self.assertEqual(answered(Look(), 503, {**body, "state": "starting"}, NOW).kind, "other")

    def test_a_primary_that_became_a_standby_leads_no_more(self) -> None:
        looks = {A: self.standby(), B: replica(), C: replica()}
        self.assertIn("leads no more", decided(CALM, looks).hold or "")

    def test_and_leads_again_when_it_was_promoted(self) -> None:
        before = self.not_writable(Routes(), {A: self.standby(), B: replica()})
        self.assertEqual(decided(before, {A: primary(), B: replica()}), Routes(A, None, (B,)))



if __name__ == "__main__":
    unittest.main()
