"""What role monitor gets in the application's database: one function, and no table."""

import re
import unittest
from pathlib import Path

from image_paths import use

use("postgres")
from monitoring import SEQUENCES, monitoring_statements

QUERIES = Path(__file__).resolve().parents[2] / "images" / "exporters" / "queries.yml"


class Monitoring(unittest.TestCase):
    STATEMENTS = monitoring_statements()

    def test_every_statement_may_be_repeated(self) -> None:
        for text in self.STATEMENTS:
            if text.strip().startswith("CREATE"):
                self.assertRegex(text, "IF NOT EXISTS|OR REPLACE")

    def test_it_is_closed_to_everyone_before_monitor_is_let_in(self) -> None:
        for what in ("SCHEMA monitor", "FUNCTION monitor.sequences()"):
            revoked = next(i for i, s in enumerate(self.STATEMENTS) if s.startswith("REVOKE ALL") and what in s)
            granted = next(i for i, s in enumerate(self.STATEMENTS) if s.startswith("GRANT") and what in s)
            self.assertLess(revoked, granted)

    def test_nothing_but_usage_and_that_function_is_granted(self) -> None:
        granted = [text for text in self.STATEMENTS if text.startswith("GRANT")]
        self.assertEqual(
            granted,
            [
                "GRANT USAGE ON SCHEMA monitor TO monitor",
                "GRANT EXECUTE ON FUNCTION monitor.sequences() TO monitor",
            ],
        )

    def test_who_calls_it_cannot_slip_another_function_in(self) -> None:
        self.assertIn("SECURITY DEFINER SET search_path = pg_catalog, pg_temp", SEQUENCES)
        self.assertIn("FROM pg_catalog.pg_sequences", SEQUENCES)


class Queries(unittest.TestCase):
    TEXT = QUERIES.read_text()

    def test_what_grows_with_the_application_is_bounded(self) -> None:
        for name in ("pg_statement", "pg_statement_text", "pg_sequence"):
            body = re.search(rf"^{name}:\n(.*?)^  metrics:", self.TEXT, re.S | re.M)
            self.assertIsNotNone(body, name)
            self.assertRegex(body.group(1), r"LIMIT \d+", name)

    def test_only_statements_that_are_normalised_are_shown(self) -> None:
        self.assertIn("(select|insert|update|delete|merge|with)", self.TEXT)
        self.assertIn("pg_stat_statements.track_utility\": false", (QUERIES.parents[2] / "templates/postgresql.conf.ts").read_text())


if __name__ == "__main__":
    unittest.main()
