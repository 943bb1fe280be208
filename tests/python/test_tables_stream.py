"""The SQL that brings tables back: one transaction that ends well only when all of it arrived."""

import io
import tempfile
import unittest
from pathlib import Path

from image_paths import use

use("backup")

from backup.errors import BackupError  # noqa: E402
from tables.names import Table  # noqa: E402
from tables.stream import closing, opening, send, without_schema  # noqa: E402

SCHEMA = "restored_20261125_120000"
ORDER = Table("public", "shop_order")


def program(folder: str, text: str) -> str:
    """A stand-in for pg_dump: a program that prints and ends as the test wants."""
    file = Path(folder) / "pg_dump"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


class Stream(unittest.TestCase):
    def test_begins_with_a_schema_of_the_owner_and_as_the_owner(self) -> None:
        self.assertEqual(
            opening(SCHEMA, "shop").splitlines(),
            [
                "BEGIN;",
                f'CREATE SCHEMA "{SCHEMA}" AUTHORIZATION "shop";',
                'SET LOCAL ROLE "shop";',
            ],
        )

    def test_ends_with_the_count_of_each_table_before_commit(self) -> None:
        text = closing(SCHEMA, {ORDER: 1000, Table("a", "50%'s"): 2})
        self.assertIn(f'FROM "{SCHEMA}"."shop_order") <> 1000 THEN', text)
        self.assertIn(f'FROM "{SCHEMA}"."50%\'s") <> 2 THEN', text)
        self.assertIn("RAISE EXCEPTION '50%%''s: rows arrived", text)
        self.assertEqual(text.splitlines()[-2:], ["RESET ROLE;", "COMMIT;"])

    def test_only_the_dump_s_own_create_schema_is_left_out(self) -> None:
        line = f"CREATE SCHEMA {SCHEMA};\n".encode()
        kept = list(without_schema([b"-- a\n", line, b"COPY t FROM stdin;\n", line], SCHEMA))
        self.assertEqual(kept, [b"-- a\n", b"COPY t FROM stdin;\n", line])

    def test_a_quoted_schema_is_left_out_as_well(self) -> None:
        self.assertEqual(list(without_schema([b'CREATE SCHEMA "Odd";\n'], "Odd")), [])

    def test_the_dump_stands_between_begin_and_commit(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            dump = program(folder, 'echo "-- $*"')
            out = io.BytesIO()
            send([dump, "--host=/run", "shop"], SCHEMA, "shop", {ORDER: 1}, out)
        lines = out.getvalue().decode().splitlines()
        self.assertEqual(lines[0], "BEGIN;")
        self.assertIn(f'-- --schema="{SCHEMA}" --no-owner --no-privileges', lines[3])
        self.assertTrue(lines[3].endswith("--host=/run shop"))
        self.assertEqual(lines[-1], "COMMIT;")

    def test_a_dump_that_fails_is_never_committed(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            dump = program(folder, 'echo "INSERT"; echo "pg_dump: error: gone" >&2; exit 1')
            out = io.BytesIO()
            with self.assertRaisesRegex(BackupError, "error: gone"):
                send([dump], SCHEMA, "shop", {ORDER: 1}, out)
        self.assertNotIn("COMMIT", out.getvalue().decode())


if __name__ == "__main__":
    unittest.main()
