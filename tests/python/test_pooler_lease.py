"""The pooler's lease: who may hold PAUSE, and until when."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images" / "pooler"))

from pooler.lease import Conflict, Lease  # noqa: E402


class Clock:
    """A clock that goes only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class LeaseTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.lease = Lease(self.clock)

    def test_one_owner_at_a_time(self) -> None:
        self.assertFalse(self.lease.take("a", ("shop",), 10))
        self.clock.now += 4
        with self.assertRaises(Conflict) as caught:
            self.lease.take("b", ("shop",), 10)
        self.assertEqual(caught.exception.owner, "a")
        self.assertAlmostEqual(caught.exception.remaining, 6)

    def test_renewal_counts_from_now_and_keeps_what_is_paused(self) -> None:
        self.lease.take("a", ("shop",), 10)
        self.clock.now += 9
        self.assertTrue(self.lease.take("a", ("other",), 10))
        self.clock.now += 9
        held = self.lease.current()
        assert held is not None
        self.assertEqual(held.databases, ("shop",))
        self.assertAlmostEqual(self.lease.remaining(), 1)

    def test_lapses_once_without_renewal(self) -> None:
        self.lease.take("a", ("shop",), 10)
        self.clock.now += 9.9
        self.assertIsNone(self.lease.lapsed())
        self.clock.now += 0.1
        self.assertIsNone(self.lease.current())
        lapsed = self.lease.lapsed()
        assert lapsed is not None
        self.assertEqual((lapsed.owner, lapsed.databases), ("a", ("shop",)))
        self.assertIsNone(self.lease.lapsed())

    def test_a_lapsed_lease_blocks_others_until_it_is_collected(self) -> None:
        # Its databases are still paused: a new owner of another database must not hide that.
        self.lease.take("a", ("shop_ro",), 10)
        self.clock.now += 11
        with self.assertRaises(Conflict) as caught:
            self.lease.take("b", ("shop",), 10)
        self.assertEqual(caught.exception.remaining, 0)
        self.assertIsNotNone(self.lease.lapsed())
        self.assertFalse(self.lease.take("b", ("shop",), 10))

    def test_the_owner_may_renew_a_lapsed_lease_nobody_collected(self) -> None:
        self.lease.take("a", ("shop",), 10)
        self.clock.now += 11
        self.assertTrue(self.lease.take("a", ("shop",), 10))
        self.assertIsNone(self.lease.lapsed())

    def test_give_back(self) -> None:
        self.assertIsNone(self.lease.give_back("a"))
        self.lease.take("a", ("shop",), 10)
        with self.assertRaises(Conflict):
            self.lease.give_back("b")
        held = self.lease.give_back("a")
        assert held is not None
        self.assertEqual(held.databases, ("shop",))
        self.assertIsNone(self.lease.give_back("a"))
        self.assertFalse(self.lease.take("b", ("shop",), 10))

    def test_extend_only_for_who_holds_it(self) -> None:
        self.assertFalse(self.lease.extend("a", 10))
        self.lease.take("a", ("shop",), 15)
        self.assertFalse(self.lease.extend("b", 10))
        self.assertTrue(self.lease.extend("a", 10))
        self.assertAlmostEqual(self.lease.remaining(), 10)


if __name__ == "__main__":
    unittest.main()
