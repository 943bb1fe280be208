"""The exporter's own queries: bounded, and without a text that may hold a password."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "images/exporters/queries/statistics.yml").read_text()


def query(name: str) -> str:
    found = re.search(rf"^{name}:\n(.*?)^  metrics:", TEXT, re.S | re.M)
    assert found is not None, name
    return found.group(1)


class Queries(unittest.TestCase):
    def test_what_grows_with_the_application_is_bounded(self) -> None:
        for name in ("pg_statement", "pg_statement_text"):
            self.assertRegex(query(name), r"LIMIT 20\b", name)

    def test_the_texts_are_those_of_the_statements_that_are_counted(self) -> None:
        counted = re.search(r"FROM pg_stat_statements.*?LIMIT 20", query("pg_statement"), re.S)
        self.assertIsNotNone(counted)
        squeeze = " ".join(counted.group(0).split())
        self.assertIn(squeeze, " ".join(query("pg_statement_text").split()))

    def test_a_text_is_the_second_one_only_and_never_a_label_of_a_counter(self) -> None:
        self.assertNotIn("query,", query("pg_statement"))
        self.assertIn("pg_stat_statements(false)", query("pg_statement"))

    def test_only_what_is_normalised_is_shown_and_literals_are_masked(self) -> None:
        pattern = re.search(r"~\* '\^\\s\*\((.*?)\)\\M'", query("pg_statement_text"))
        self.assertEqual(pattern.group(1).split("|"), ["select", "insert", "update", "delete", "merge", "with"])
        self.assertIn("'''[^'']*(''|$)', '?', 'g'", query("pg_statement_text"))

    def test_utility_statements_are_not_kept_at_all(self) -> None:
        conf = (ROOT / "templates/postgresql.conf.ts").read_text()
        self.assertIn('"pg_stat_statements.track_utility": false', conf)

    def test_no_transaction_is_a_row_too(self) -> None:
        self.assertIn("LEFT JOIN pg_stat_activity", query("pg_transaction"))


if __name__ == "__main__":
    unittest.main()
