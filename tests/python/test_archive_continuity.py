"""Holes, consistent base backups and recoverable intervals, against an archive that was whole."""

import random
import unittest

from archive_world import World, base_backup, history, random_world, wal

from archive import continuity, lines, names
from archive.names import Segment

ROUNDS = 300


def judge(files, backups, histories=None):
    """The judgement, which has to exist."""
    found = continuity.judge(files, backups, histories or {})
    assert found is not None
    return found


class OneTimeline(unittest.TestCase):
    def test_whole(self) -> None:
        found = judge(wal(1, 2, 9), [base_backup(1, 3, 4)])
        self.assertEqual(found.holes, ())
        self.assertEqual((found.end, found.newest), (names.start_of(10), names.start_of(10)))
        self.assertTrue(found.reaches_newest)
        (interval,) = found.intervals
        self.assertEqual((interval.start, interval.last), (4.0, wal(1, 9, 9)[0]))

    def test_a_hole_cuts_the_window(self) -> None:
        files = wal(1, 2, 5) + wal(1, 8, 12)
        found = judge(files, [base_backup(1, 3, 4), base_backup(1, 9, 9)])
        self.assertEqual(found.holes, (tuple(wal(1, 6, 7)),))
        self.assertEqual([i.end for i in found.intervals], [names.start_of(6), names.start_of(13)])
        self.assertTrue(found.reaches_newest)

    def test_a_hole_behind_the_newest_base_backup_is_the_end(self) -> None:
        found = judge(wal(1, 3, 5) + wal(1, 7, 8), [base_backup(1, 3, 4)])
        self.assertEqual(found.missing, tuple(wal(1, 6, 6)))
        self.assertEqual(found.end, names.start_of(6))
        self.assertFalse(found.reaches_newest)

    def test_a_base_backup_without_its_own_wal_is_not_consistent(self) -> None:
        found = judge([*wal(1, 3, 3), *wal(1, 5, 8)], [base_backup(1, 3, 5)])
        self.assertEqual((found.consistent, found.intervals), (frozenset(), ()))
        self.assertEqual(found.missing, tuple(wal(1, 4, 4)))
        self.assertIsNone(found.end)
        self.assertFalse(found.holds(0))

    def test_own_wal_beyond_the_archives_end_is_missing(self) -> None:
        found = judge(wal(1, 3, 4), [base_backup(1, 3, 6)])
        self.assertEqual(found.missing, tuple(wal(1, 5, 6)))
        self.assertEqual(found.consistent, frozenset())

    def test_before_the_oldest_base_backup_nothing_is_needed(self) -> None:
        self.assertEqual(judge([*wal(1, 1, 1), *wal(1, 5, 6)], [base_backup(1, 5, 5)]).holes, ())
        self.assertEqual(judge([*wal(1, 1, 1), *wal(1, 5, 6)], []).holes, ())

    def test_nothing_at_all(self) -> None:
        self.assertIsNone(continuity.judge([], [], {}))
        self.assertEqual(judge([], [base_backup(1, 3, 3)]).missing, tuple(wal(1, 3, 3)))


class Timelines(unittest.TestCase):
    TOLD = {2: history((1, names.start_of(6) + 96))}

    def test_the_switch_segment_may_be_partial(self) -> None:
        files = [*wal(1, 3, 5), wal(1, 6, 6)[0] + ".partial", "00000002.history", *wal(2, 6, 8)]
        found = judge(files, [base_backup(1, 3, 4)], self.TOLD)
        self.assertEqual((found.holes, found.reaches_newest), ((), True))
        self.assertEqual(found.end, names.start_of(9))

    def test_a_switch_between_two_segments_needs_the_whole_one_before(self) -> None:
        told = {2: history((1, names.start_of(6)))}
        found = judge(
            [*wal(1, 3, 4), "00000002.history", *wal(2, 6, 8)], [base_backup(1, 3, 4)], told
        )
        self.assertEqual(found.missing, tuple(wal(1, 5, 5)))

    def test_the_old_timelines_tail_is_missed_as_soon_as_the_history_is_there(self) -> None:
        found = judge([*wal(1, 3, 4), "00000002.history"], [base_backup(1, 3, 4)], self.TOLD)
        self.assertEqual(found.missing, tuple(wal(1, 5, 5)))
        self.assertEqual((found.end, found.newest), (names.start_of(5), names.start_of(6)))

    def test_an_abandoned_branch_is_no_hole_and_no_window(self) -> None:
        files = [*wal(1, 3, 7), wal(1, 10, 10)[0], "00000002.history", *wal(2, 6, 8)]
        found = judge(files, [base_backup(1, 3, 4), base_backup(1, 7, 7)], self.TOLD)
        self.assertEqual(found.holes, ())
        self.assertEqual(found.consistent, {"1-3-4", "1-7-7"})
        self.assertEqual(len(found.intervals), 1)
        alone = judge(files, [base_backup(1, 7, 7)], self.TOLD)
        self.assertEqual((alone.consistent, alone.intervals), ({"1-7-7"}, ()))

    def test_without_its_history_a_timeline_cannot_be_reached(self) -> None:
        files = [*wal(1, 3, 6), *wal(2, 6, 8)]
        for told in ({}, {2: ""}, {2: "torn"}):
            found = judge(files, [base_backup(1, 3, 4)], told)
            self.assertEqual(found.missing, ("00000002.history",))
            self.assertEqual((found.end, found.reaches_newest), (names.start_of(7), False))
            self.assertTrue(found.holds(names.start_of(6), 1))

    def test_a_base_backup_on_the_new_timeline_makes_up_for_a_lost_history(self) -> None:
        files = [*wal(1, 3, 6), *wal(2, 6, 8)]
        found = judge(files, [base_backup(1, 3, 4), base_backup(2, 7, 7)], {})
        self.assertTrue(found.reaches_newest)
        self.assertEqual(len(found.intervals), 2)

    def test_two_promotions_in_one_segment(self) -> None:
        lsn = names.start_of(6) + 96
        told = {2: history((1, lsn)), 3: history((1, lsn), (2, lsn + 96))}
        files = [*wal(1, 3, 5), *wal(3, 6, 7), "00000002.history", "00000003.history"]
        self.assertEqual(judge(files, [base_backup(1, 3, 4)], told).holes, ())

    def test_recovery_to_a_point_leaves_two_timelines_behind(self) -> None:
        told = {
            2: history((1, names.start_of(6) + 8)),
            3: history((1, names.start_of(5) + 8)),
        }
        files = [
            "00000002.history",
            "00000003.history",
            *wal(1, 3, 5),
            *wal(2, 6, 9),
            *wal(3, 5, 6),
        ]
        found = judge(files, [base_backup(1, 3, 4), base_backup(2, 7, 8)], told)
        self.assertEqual((found.line.timeline, found.holes), (3, ()))
        self.assertEqual([i.end for i in found.intervals], [names.start_of(7)])

    def test_a_heartbeat_of_an_abandoned_branch_is_not_held(self) -> None:
        files = ["00000002.history", *wal(1, 3, 7), *wal(2, 6, 8)]
        found = judge(files, [base_backup(1, 3, 4)], self.TOLD)
        self.assertTrue(found.holds(names.start_of(6) + 96, 1))
        self.assertFalse(found.holds(names.start_of(6) + 97, 1))
        self.assertFalse(found.holds(names.start_of(6) + 95, 2))
        self.assertTrue(found.holds(names.start_of(9), 2))
        self.assertFalse(found.holds(names.start_of(9) + 1, 2))
        self.assertFalse(found.holds(names.start_of(6), 3))


class AnyDamage(unittest.TestCase):
    """Random timelines and deletions: what is deleted from the line is found, and only that."""

    def check(self, dice: random.Random) -> None:
        world = random_world(dice)
        whole = world.complete()
        spans = self.spans(dice, world)
        backups = [base_backup(world.timeline_at(first), first, last) for first, last in spans]
        gone = set(dice.sample(whole, dice.randint(0, min(6, len(whole)))))
        if whole[-1] in gone:
            gone.discard(whole[-1])
        files = [name for name in whole if name not in gone] + world.extras()
        dice.shuffle(files)
        found = judge(files, backups, world.histories())
        oldest = min((first for first, _ in spans), default=world.newest + 1)
        needed = {name for name in gone if whole.index(name) + 1 >= oldest}
        self.assertEqual(set(found.missing), needed, (world, spans))
        self.check_intervals(found, spans, [whole.index(name) + 1 for name in gone], world)

    def spans(self, dice: random.Random, world: World) -> list[tuple[int, int]]:
        """Base backups that no promotion interrupted."""
        found = []
        for _ in range(dice.randint(0, 4)):
            first = dice.randint(1, world.newest)
            last = min(first + dice.randint(0, 2), world.newest)
            cut = any(
                names.start_of(first) < lsn < names.start_of(last) + 100 for lsn in world.switches
            )
            if world.timeline_at(first) == world.timeline_at(last) and not cut:
                found.append((first, last))
        return found

    def check_intervals(self, found, spans, gone: list[int], world: World) -> None:
        """As a slow reader would find them: from each whole base backup to the next hole."""
        ends = set()
        for first, last in spans:
            if any(first <= number <= last for number in gone):
                continue
            stop = min((n for n in gone if n > last), default=world.newest + 1)
            ends.add(names.start_of(stop))
        self.assertEqual([interval.end for interval in found.intervals], sorted(ends))
        self.assertEqual(found.reaches_newest, names.start_of(world.newest + 1) in ends)
        for interval in found.intervals:
            number = interval.end // names.SEGMENT_BYTES - 1
            place = Segment(world.timeline_at(number), number)
            self.assertEqual(interval.last, names.segment_name(place))

    def test_exactly_what_is_deleted_is_missing(self) -> None:
        for seed in range(ROUNDS):
            with self.subTest(seed=seed):
                self.check(random.Random(seed))


class Lines(unittest.TestCase):
    def test_a_line_knows_the_timeline_of_each_segment(self) -> None:
        for seed in range(50):
            world = random_world(random.Random(seed))
            line = lines.draw(world.timeline, world.histories())
            for number in range(1, world.newest + 1):
                self.assertEqual(line.timeline_of(number), world.timeline_at(number), seed)


if __name__ == "__main__":
    unittest.main()
