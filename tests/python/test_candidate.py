"""Who takes over in a handover."""

import unittest

from image_paths import use

use("postgres")
from candidate import LARGEST_LAG, choose  # noqa: E402


def replica(number: int, **facts: object) -> dict:
    entry = {"role": "quorum_standby", "state": "streaming", "timeline": 3, "lag": 0}
    return {"name": f"postgres-{number}", **entry, **facts}


def leader(number: int) -> dict:
    return {"name": f"postgres-{number}", "role": "leader", "state": "running", "timeline": 3}


class Choose(unittest.TestCase):
    def pick(self, *members: dict, wanted: str | None = None, **cluster: object) -> str | None:
        return choose({"members": list(members), **cluster}, wanted).name

    def test_lowest_below_the_leader_else_the_highest(self) -> None:
        self.assertEqual(self.pick(replica(1), leader(3), replica(2)), "postgres-1")
        self.assertEqual(self.pick(leader(1), replica(2), replica(3), replica(10)), "postgres-10")

    def test_a_roll_has_two_handovers_at_most(self) -> None:
        leads, handovers = 1, 0
        for going in range(1, 6):
            if going == leads:
                others = [replica(n) for n in range(1, 6) if n != going]
                name = self.pick(leader(going), *others) or ""
                leads, handovers = int(name.rpartition("-")[2]), handovers + 1
                self.assertNotEqual(leads, going + 1)
        self.assertEqual(handovers, 2)

    def test_only_those_that_can(self) -> None:
        self.assertEqual(
            self.pick(
                replica(1, role="replica"),
                replica(2, state="starting"),
                replica(3, timeline=2),
                replica(4, lag=LARGEST_LAG + 1),
                replica(5, tags={"nofailover": True}),
                leader(6),
                replica(7, lag="unknown"),
                replica(8),
            ),
            "postgres-8",
        )

    def test_none(self) -> None:
        self.assertIsNone(self.pick(leader(1)))
        self.assertIsNone(self.pick(replica(1), replica(2)))
        self.assertIsNone(self.pick(leader(1), replica(2), pause=True))

    def test_wanted(self) -> None:
        members = (leader(1), replica(2), replica(3, state="starting"))
        self.assertEqual(self.pick(*members, wanted="postgres-2"), "postgres-2")
        for name in ("postgres-1", "postgres-3", "postgres-9"):
            self.assertIsNone(self.pick(*members, wanted=name))


if __name__ == "__main__":
    unittest.main()
