"""Table checksums: what is compared, and what is asked of the server."""

import unittest

import stand_ins
from image_paths import use

use("backup")
stand_ins.stand_in()

import psycopg2  # noqa: E402

from backup.errors import BackupError  # noqa: E402
from proof import checksums  # noqa: E402


def entry(table, rows=1, checksum="7", kind="table", schema="public"):
    return {"schema": schema, "table": table, "kind": kind, "rows": rows, "checksum": checksum}


class Compare(unittest.TestCase):
    def test_the_same_has_no_difference(self):
        both = [entry("orders", 3, "-12"), entry("empty", 0, "0")]
        self.assertEqual(checksums.compare(both, list(reversed(both))), [])

    def test_each_difference_names_its_table(self):
        recorded = [entry("a"), entry("b", 5), entry("c", 5, "1"), entry("d")]
        found = [entry("b", 4), entry("c", 5, "2"), entry("d", None, None), entry("e")]
        self.assertEqual(
            checksums.compare(recorded, found),
            [
                "table public.a is not in the copy",
                "table public.e is in the copy and was not recorded",
                "table public.b has 4 rows, recorded were 5",
                "table public.c has 5 rows as recorded, with other contents: the checksums differ",
                "table public.d could not be counted in the time there was",
            ],
        )

    def test_tables_of_one_name_in_two_schemas_are_two(self):
        recorded = [entry("t", 1), entry("t", 2, schema="side")]
        self.assertEqual(
            checksums.compare(recorded, [entry("t", 2, schema="side")]),
            ["table public.t is not in the copy"],
        )

    def test_what_was_recorded_without_a_checksum_is_named_and_not_compared(self):
        recorded = [entry("big", None, None), entry("small")]
        self.assertEqual(checksums.compare(recorded, [entry("big", 9, "9"), entry("small")]), [])
        self.assertEqual(checksums.uncompared(recorded), ["public.big"])

    def test_a_table_without_a_checksum_must_still_be_there(self):
        faults = checksums.compare([entry("big", None, None)], [])
        self.assertEqual(faults, ["table public.big is not in the copy"])

    def test_a_dump_carries_no_rows_of_views_and_extensions(self):
        entries = [entry("t"), entry("v", kind="view"), entry("x", kind="extension")]
        self.assertEqual(checksums.in_dump(entries), [entries[0]])


class Refusal(psycopg2.Error):
    def __init__(self, code):
        super().__init__("refused")
        self.pgcode = code


class Server:
    """A connection to a server with these tables, (schema, name, kind): answers or a refusal."""

    def __init__(self, tables, answers, autocommit=False, clock=None):
        self.autocommit = autocommit
        self.said = []
        self._tables, self._answers, self._clock, self._row = tables, answers, clock, None

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def execute(self, text):
        self.said.append(" ".join(text.split()))
        for name, answer in self._answers.items():
            if f"FROM ONLY {name} " in self.said[-1]:
                if self._clock is not None:
                    self._clock.now += 10
                if isinstance(answer, Exception):
                    raise answer
                self._row = answer

    def fetchall(self):
        return self._tables

    def fetchone(self):
        return self._row


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class OfDatabase(unittest.TestCase):
    def test_rows_and_sum_of_each_table_by_name(self):
        server = Server(
            [("s", "b", "table"), ("a", "z", "view")], {'"s"."b"': (2, "9"), '"a"."z"': (1, "-3")}
        )
        self.assertEqual(
            checksums.of_database(server),
            [entry("z", 1, "-3", "view", "a"), entry("b", 2, "9", schema="s")],
        )

    def test_values_read_the_same_everywhere(self):
        server = Server([], {})
        checksums.of_database(server)
        for name in (
            "TimeZone",
            "DateStyle",
            "IntervalStyle",
            "extra_float_digits",
            "bytea_output",
        ):
            self.assertIn(f"SET {name} =", server.said[0])

    def test_a_name_cannot_leave_its_quotes(self):
        server = Server([('a"b', "c", "table")], {'"a""b"."c"': (0, "0")})
        self.assertEqual(checksums.of_database(server)[0]["rows"], 0)

    def test_what_takes_too_long_is_listed_and_the_transaction_lives(self):
        server = Server(
            [("p", "slow", "table"), ("p", "after", "table")],
            {'"p"."slow"': Refusal("57014"), '"p"."after"': (1, "1")},
        )
        found = checksums.of_database(server)
        self.assertEqual([e["checksum"] for e in found], ["1", None])
        self.assertIn("ROLLBACK TO SAVEPOINT holdfast_checksum", server.said)

    def test_without_a_transaction_there_is_no_savepoint(self):
        server = Server([("p", "t", "table")], {'"p"."t"': (1, "1")}, autocommit=True)
        checksums.of_database(server)
        self.assertNotIn("SAVEPOINT holdfast_checksum", server.said)

    def test_when_the_time_is_spent_the_rest_is_listed_unread(self):
        clock = Clock()
        answers = {'"p"."one"': (1, "1"), '"p"."two"': (1, "1")}
        tables = [("p", "one", "table"), ("p", "two", "table")]
        server = Server(tables, answers, clock=clock)
        found = checksums.of_database(server, 10, clock)
        self.assertEqual([(e["table"], e["rows"]) for e in found], [("one", 1), ("two", None)])
        self.assertFalse(any("two" in text for text in server.said))

    def test_a_table_that_cannot_be_read_is_an_error_with_its_name(self):
        server = Server([("p", "t", "table")], {'"p"."t"': Refusal("42501")})
        with self.assertRaisesRegex(BackupError, "cannot read table p.t"):
            checksums.of_database(server)


if __name__ == "__main__":
    unittest.main()
