"""What a member accepts as an order, and how it becomes pgBackRest's options."""

import unittest

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import restore_run  # noqa: E402
from restore_order import OrderFault, parse  # noqa: E402

GIVEN = {
    "id": "20261125T120000Z-1f3a",
    "repository": "local",
    "target": {"kind": "latest", "value": ""},
    "label": None,
    "stanza": "dev-a",
    "restorer": "postgres-1",
    "members": ["postgres-1", "postgres-2"],
    "discard": False,
}


def order(kind: str, value: str = ""):
    return parse({**GIVEN, "target": {"kind": kind, "value": value}})


class Parse(unittest.TestCase):
    def test_takes_a_whole_order(self):
        found = parse(GIVEN)
        self.assertEqual(found.members, ("postgres-1", "postgres-2"))
        self.assertEqual((found.kind, found.label, found.discard), ("latest", None, False))

    def test_without_members_the_restorer_is_alone(self):
        found = parse({name: value for name, value in GIVEN.items() if name != "members"})
        self.assertEqual(found.members, ("postgres-1",))

    def test_refuses_what_it_does_not_understand(self):
        wrong = [
            {"repository": "tape"},
            {"target": {"kind": "xid", "value": "7"}},
            {"target": {"kind": "time", "value": "yesterday"}},
            {"target": {"kind": "lsn", "value": "3000148"}},
            {"label": "../../etc/passwd"},
            {"stanza": "dev a; rm"},
            {"restorer": "postgres-9"},
            {"members": "postgres-1"},
            {"id": ""},
        ]
        for part in wrong:
            with self.subTest(part), self.assertRaises(OrderFault):
                parse({**GIVEN, **part})
        with self.assertRaises(OrderFault):
            parse(["an order"])

    def test_a_time_without_a_zone_is_utc(self):
        self.assertEqual(order("time", "2026-11-25T12:00:00").time().isoformat()[-6:], "+00:00")


class Options(unittest.TestCase):
    def options(self, *target: str) -> str:
        return " ".join(restore_run.arguments(order(*target), "20261125-020000F", 3))

    def test_the_latest_is_the_end_of_the_archive(self):
        found = self.options("latest")
        self.assertNotIn("--type", found)
        self.assertNotIn("--target-action", found)
        self.assertIn("--set=20261125-020000F", found)
        self.assertIn("--target-timeline=3", found)

    def test_a_time_keeps_its_zone_and_its_fraction(self):
        found = self.options("time", "2026-11-25T12:00:00.250+05:30")
        self.assertIn("--target=2026-11-25 12:00:00.250000+05:30", found)
        self.assertIn("--target-action=promote", found)
        utc = self.options("time", "2026-11-25T12:00:00Z")
        self.assertIn("--type=time --target=2026-11-25 12:00:00+00 ", utc)

    def test_nothing_after_an_lsn_is_replayed(self):
        self.assertIn("--type=lsn --target=0/3000148 --target-exclusive", self.options("lsn", "0/3000148"))

    def test_the_first_timeline_can_be_meant(self):
        found = restore_run.arguments(order("latest"), "20261125-020000F", 1)
        self.assertIn("--target-timeline=1", found)


class Reason(unittest.TestCase):
    def test_is_pgbackrests_last_error_with_its_continuation(self):
        lines = [
            "2026-11-25 12:00:00.1 P00   INFO: restore command begin 2.55.1: --delta",
            "2026-11-25 12:00:00.2 P00  ERROR: [075]: no backup set found to restore",
            "                                    HINT: is it there?",
            "2026-11-25 12:00:00.3 P00   INFO: restore command end: aborted",
        ]
        expected = "[075]: no backup set found to restore HINT: is it there?"
        self.assertEqual(restore_run.reason(lines), expected)

    def test_is_the_last_words_where_there_is_no_error(self):
        self.assertEqual(restore_run.reason(["one", "two"]), "one two")


if __name__ == "__main__":
    unittest.main()
