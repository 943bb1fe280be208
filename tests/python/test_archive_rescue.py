"""Segments from a member's pg_wal: only whole ones, of this cluster, under their own name."""

import struct
import unittest

from archive_world import history, wal

import psycopg2
from archive import names, rescue, walfile
from backup.cluster import Member

SYSTEM = 7412345678901234567
PAGES = names.SEGMENT_BYTES // walfile.PAGE_BYTES
LEADER = Member("postgres-1", "10.0.0.11", 5432, True, 0)


def segment(
    number: int, timeline: int = 1, written: int = PAGES, system: int = SYSTEM
) -> bytearray:
    """A segment as PostgreSQL 17 lays it out; `written` pages, then zeros."""
    content = bytearray(names.SEGMENT_BYTES)
    start = names.start_of(number)
    for page in range(written):
        address = start + page * walfile.PAGE_BYTES
        info = 0x0002 if page == 0 else 0
        struct.pack_into(
            "<HHIQ", content, page * walfile.PAGE_BYTES, 0xD116, info, timeline, address
        )
    struct.pack_into("<QII", content, 24, system, names.SEGMENT_BYTES, walfile.PAGE_BYTES)
    return content


class Content(unittest.TestCase):
    NAME = wal(2, 5, 5)[0]

    def fault(self, content: bytes, name: str = NAME) -> str:
        return walfile.fault(name, bytes(content), SYSTEM)

    def test_whole_segments(self) -> None:
        self.assertEqual(self.fault(segment(5, 2)), "")
        self.assertEqual(self.fault(segment(5, 2, written=40)), "")
        self.assertEqual(self.fault(segment(5, 2, written=1)), "")

    def test_a_timelines_first_segment_begins_with_the_old_timeline(self) -> None:
        content = segment(5, 1)
        content[99 * 8192 :] = segment(5, 2)[99 * 8192 :]
        self.assertEqual(self.fault(content), "")
        self.assertIn("of timeline 3", self.fault(segment(5, 3)))
        self.assertIn("of timeline 0", self.fault(segment(5, 0)))

    def test_another_place_or_cluster(self) -> None:
        self.assertIn("begins at 0/4000000", self.fault(segment(4, 2)))
        self.assertIn("another cluster", self.fault(segment(5, 2, system=1)))
        self.assertIn("16777215 bytes", self.fault(segment(5, 2)[:-1]))
        self.assertIn("first page", self.fault(bytes(names.SEGMENT_BYTES)))
        self.assertIn("not the name", self.fault(segment(5, 2), "00000002.history"))

    def test_a_recycled_file_that_is_written_from_its_beginning(self) -> None:
        content = segment(2, 1)
        content[: 70 * 8192] = segment(5, 2)[: 70 * 8192]
        self.assertIn(
            f"page at {names.format_lsn(names.start_of(5) + 70 * 8192)}", self.fault(content)
        )

    def test_a_page_that_is_lost(self) -> None:
        content = segment(5, 2)
        content[9 * 8192 : 10 * 8192] = bytes(8192)
        self.assertIn("is not written", self.fault(content))


class FakeCursor:
    """Answers what rescue asks."""

    def __init__(self, member: "FakeMember") -> None:
        self.member = member
        self.answer: tuple | None = None

    def __enter__(self) -> "FakeCursor":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def execute(self, text: str, values: tuple = ()) -> None:
        """As psycopg2's."""
        if "read_binary_file" in text:
            path, offset, length = values
            content = self.member.files.get(path)
            self.answer = (None if content is None else bytes(content[offset : offset + length]),)
        elif "pg_control_system" in text:
            self.answer = (SYSTEM,)
        else:
            self.answer = (self.member.reached,)

    def fetchone(self) -> tuple | None:
        """As psycopg2's."""
        return self.answer


class FakeMember:
    """A connection to a member with files."""

    def __init__(self, files: dict[str, bytes], reached: str = "0/20000000") -> None:
        self.files = {f"pg_wal/{name}": content for name, content in files.items()}
        self.reached = reached
        self.closed = False

    def cursor(self) -> FakeCursor:
        """As psycopg2's."""
        return FakeCursor(self)

    def close(self) -> None:
        """As psycopg2's."""
        self.closed = True


class Reading(unittest.TestCase):
    NAME = wal(1, 5, 5)[0]

    def read(self, member: FakeMember, name: str = NAME) -> bytes:
        try:
            return rescue.read(LEADER, "shop", name, lambda *_: member)
        finally:
            self.assertTrue(member.closed)

    def test_the_whole_file_in_parts(self) -> None:
        content = bytes(segment(5))
        self.assertEqual(self.read(FakeMember({self.NAME: content})), content)

    def test_what_is_not_there_or_not_this(self) -> None:
        for files in ({}, {self.NAME: bytes(segment(4))}, {self.NAME: bytes(segment(5))[:9000]}):
            with self.assertRaises(rescue.NotThere):
                self.read(FakeMember(files))

    def test_a_member_that_has_not_come_to_the_segments_end(self) -> None:
        files = {self.NAME: bytes(segment(5, written=3))}
        with self.assertRaisesRegex(rescue.NotThere, "has not come that far"):
            self.read(FakeMember(files, "0/5FFFFF8"))
        self.assertTrue(self.read(FakeMember(files, "0/6000000")))

    def test_a_history_is_checked_as_well(self) -> None:
        text = history((1, 99)).encode()
        name = "00000002.history"
        self.assertEqual(self.read(FakeMember({name: text}), name), text)
        with self.assertRaises(rescue.NotThere):
            self.read(FakeMember({name: b"1\ttorn"}), name)

    def test_a_member_that_does_not_answer_is_told_apart(self) -> None:
        def refuse(*_: object) -> None:
            raise psycopg2.OperationalError("refused")

        with self.assertRaises(psycopg2.OperationalError):
            rescue.read(LEADER, "shop", self.NAME, refuse)


if __name__ == "__main__":
    unittest.main()
