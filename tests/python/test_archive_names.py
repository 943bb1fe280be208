"""Segment names, LSNs and .history files."""

import unittest

from image_paths import use

use("backup")
from archive import names
from archive.names import Ancestor, Segment


class Names(unittest.TestCase):
    def test_a_name_and_its_place(self) -> None:
        for name, place in (
            ("000000010000000000000001", Segment(1, 1)),
            ("0000000A00000002000000FF", Segment(10, 2 * 256 + 255)),
            ("FFFFFFFF0000000000000000", Segment(0xFFFFFFFF, 0)),
        ):
            self.assertEqual(names.segment(name), place)
            self.assertEqual(names.segment_name(place), name)

    def test_the_segment_size_is_part_of_the_name(self) -> None:
        gigabyte = 1 << 30
        self.assertEqual(names.segment("000000010000000100000003", gigabyte), Segment(1, 7))
        self.assertIsNone(names.segment("000000010000000100000004", gigabyte))
        self.assertEqual(names.segment_name(Segment(1, 7), gigabyte), "000000010000000100000003")

    def test_what_is_no_segment(self) -> None:
        for name in (
            "",
            "00000001000000000000000",
            "00000001000000000000000g",
            "00000001000000000000000a",
            "000000010000000000000100",
            "000000010000000000000001.partial",
            "00000002.history",
        ):
            self.assertIsNone(names.segment(name), name)

    def test_the_other_files(self) -> None:
        self.assertEqual(names.partial("00000001000000000000000B.partial"), Segment(1, 11))
        self.assertIsNone(names.partial("00000001000000000000000B"))
        self.assertEqual(names.history_timeline("0000000C.history"), 12)
        self.assertIsNone(names.history_timeline("C.history"))
        self.assertEqual(names.history_name(12), "0000000C.history")
        for name in ("00000001000000000000000B.00000028.backup", "0000000C.history"):
            self.assertTrue(names.is_wal_file(name))
        for name in ("archive.info", "00000001000000000000000B-0f.zst", "RECOVERYXLOG"):
            self.assertFalse(names.is_wal_file(name))

    def test_neighbours(self) -> None:
        last = names.segment("0000000100000000000000FF")
        assert last is not None
        self.assertEqual(names.segment_name(names.following(last)), "000000010000000100000000")
        self.assertEqual(names.preceding(names.following(last)), last)
        self.assertIsNone(names.preceding(Segment(1, 0)))


class Positions(unittest.TestCase):
    def test_lsn(self) -> None:
        self.assertEqual(names.parse_lsn("0/3000148"), 0x3000148)
        self.assertEqual(names.parse_lsn("16/B374D848"), (0x16 << 32) + 0xB374D848)
        self.assertEqual(names.format_lsn(names.parse_lsn("16/B374D848")), "16/B374D848")
        for text in ("", "16", "0/", "x/1", "0/123456789", "-1/0"):
            with self.assertRaises(ValueError):
                names.parse_lsn(text)

    def test_the_segment_of_an_lsn(self) -> None:
        self.assertEqual(names.number_of(0x3000000), 3)
        self.assertEqual(names.number_of(0x2FFFFFF), 2)
        self.assertEqual(names.start_of(names.number_of(0x3000148)), 0x3000000)


class History(unittest.TestCase):
    TEXT = (
        "1\t0/A000198\tno recovery target specified\n\n"
        "2\t1/2000000\tbefore 2026-11-25 12:00:00+00\n"
    )

    def test_ancestors_oldest_first(self) -> None:
        self.assertEqual(
            names.parse_history(self.TEXT), (Ancestor(1, 0xA000198), Ancestor(2, 0x102000000))
        )
        self.assertEqual(names.parse_history("# made by hand\n1 0/1\n"), (Ancestor(1, 1),))

    def test_what_is_damaged_is_not_believed(self) -> None:
        for text in (
            "",
            "# nothing\n",
            "1\tnonsense\n",
            "one\t0/1\tx\n",
            "2\t0/1\tx\n1\t0/2\tx\n",
            "1\t0/2\tx\n2\t0/1\tx\n",
            "1\t0/2FFFFFFFFFF\tx\n",
        ):
            with self.assertRaises(ValueError, msg=text):
                names.parse_history(text)


if __name__ == "__main__":
    unittest.main()
