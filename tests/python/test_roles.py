"""What holdfast-roles grants: each statement once, in an order that works, repeatable."""

import unittest

from image_paths import use
from stand_ins import module, stand_in

use("postgres")
stand_in()
module("psycopg2.sql", SQL=object, Identifier=object, Literal=object)
module("psycopg2").sql = module("psycopg2.sql")
module("psycopg2.extensions", encrypt_password=lambda *_: "")
import roles


class Backup(unittest.TestCase):
    STATEMENTS = roles.backup_statements()

    def index(self, beginning: str) -> int:
        found = [i for i, text in enumerate(self.STATEMENTS) if text.strip().startswith(beginning)]
        self.assertEqual(len(found), 1, beginning)
        return found[0]

    def test_the_table_is_made_in_its_schema_before_it_is_given_away(self) -> None:
        schema = self.index("CREATE SCHEMA IF NOT EXISTS holdfast")
        table = self.index("CREATE TABLE IF NOT EXISTS holdfast.heartbeat")
        self.assertLess(schema, table)
        self.assertLess(table, self.index("ALTER TABLE holdfast.heartbeat OWNER TO backup"))
        self.assertLess(table, self.index("REVOKE ALL ON holdfast.heartbeat FROM PUBLIC"))

    def test_only_monitor_reads_it_beside_its_owner(self) -> None:
        granted = [text for text in self.STATEMENTS if "heartbeat TO" in text and "GRANT" in text]
        self.assertEqual(granted, ["GRANT SELECT ON holdfast.heartbeat TO monitor"])
        self.assertIn("GRANT USAGE ON SCHEMA holdfast TO monitor", self.STATEMENTS)

    def test_the_functions_that_shipping_and_drills_call(self) -> None:
        granted = [text for text in self.STATEMENTS if "EXECUTE" in text]
        for name in (
            "pg_switch_wal()",
            "pg_create_restore_point(text)",
            "pg_wal_replay_pause()",
            "pg_wal_replay_resume()",
            "pg_get_wal_replay_pause_state()",
            "pg_read_binary_file(text)",
            "pg_read_binary_file(text, bigint, bigint, boolean)",
        ):
            self.assertIn(f"GRANT EXECUTE ON FUNCTION {name} TO backup", granted)
        to_backup = [text for text in granted if text.endswith("TO backup")]
        self.assertEqual(len(to_backup), len(roles.BACKUP_FUNCTIONS))

    def test_monitor_may_ask_how_full_sequences_are_and_nobody_else(self) -> None:
        revoked = self.index("REVOKE ALL ON FUNCTION holdfast.sequence_use() FROM PUBLIC")
        self.assertLess(revoked, self.index("GRANT EXECUTE ON FUNCTION holdfast.sequence_use() TO monitor"))

    def test_every_statement_may_be_repeated(self) -> None:
        for text in self.STATEMENTS:
            if text.strip().startswith("CREATE"):
                self.assertRegex(text, "IF NOT EXISTS|OR REPLACE")


class Monitor(unittest.TestCase):
    def test_it_calls_the_function_and_nobody_else_does(self) -> None:
        made, closed, granted = roles.monitor_statements()
        self.assertIn("CREATE OR REPLACE FUNCTION holdfast.sequence_use()", made)
        # As its owner, with a path that nobody else can put a function of their own into.
        self.assertIn("SECURITY DEFINER SET search_path = pg_catalog, pg_temp", made)
        self.assertTrue(closed.startswith("REVOKE ALL") and closed.endswith("FROM PUBLIC"))
        self.assertTrue(granted.startswith("GRANT EXECUTE") and granted.endswith("TO monitor"))

    def test_the_whole_range_of_a_bigint_is_not_too_wide(self) -> None:
        """max_value - min_value overflows as bigint: seen with MINVALUE -9223372036854775808."""
        self.assertIn("max_value::float8 - min_value", roles.SEQUENCE_USE)
        self.assertIn("last_value::float8 - min_value", roles.SEQUENCE_USE)


if __name__ == "__main__":
    unittest.main()
