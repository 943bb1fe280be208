"""Which tables `restore --table` means, and what of a dump comes along."""

import unittest

from image_paths import use

use("backup")

from backup.errors import BackupError  # noqa: E402
from tables.names import Table, qualified, resolve  # noqa: E402
from tables.toc import after_the_rows  # noqa: E402

SHOP = [
    Table("public", "shop_order"),
    Table("public", "shop_product"),
    Table("audit", "entry"),
    Table("old", "entry"),
    Table("old", "shop_order"),
]


class Resolve(unittest.TestCase):
    def test_a_bare_name_is_found_in_any_schema_and_in_public_first(self) -> None:
        self.assertEqual(resolve(["shop_product"], SHOP), [Table("public", "shop_product")])
        self.assertEqual(resolve(["shop_order"], SHOP), [Table("public", "shop_order")])
        self.assertEqual(resolve(["old.shop_order"], SHOP), [Table("old", "shop_order")])

    def test_none_is_taken_twice(self) -> None:
        found = resolve(["shop_order", "public.shop_order", "shop_product"], SHOP)
        self.assertEqual([str(table) for table in found], ["shop_order", "shop_product"])

    def test_a_name_of_several_is_refused(self) -> None:
        with self.assertRaisesRegex(BackupError, "several tables: audit.entry, old.entry"):
            resolve(["entry"], SHOP)

    def test_all_that_is_missing_is_named_with_what_there_is(self) -> None:
        with self.assertRaises(BackupError) as caught:
            resolve(["shop_ordr", "zzz"], SHOP)
        text = str(caught.exception)
        self.assertIn("no table shop_ordr in this backup (meant shop_order?)", text)
        self.assertIn("no table zzz in this backup", text)
        self.assertIn("holds: audit.entry, old.entry, old.shop_order, shop_order,", text)

    def test_an_empty_backup_says_so(self) -> None:
        with self.assertRaisesRegex(BackupError, "no table at all"):
            resolve(["a"], [])

    def test_names_are_quoted_for_sql(self) -> None:
        self.assertEqual(qualified(Table("public", 'odd "name')), '"public"."odd ""name"')


LISTING = """;
; Archive created at 2026-11-25 12:00:00 UTC
;     Dump Version: 1.16-0
;
; Selected TOC Entries:
;
217; 1259 16390 TABLE public shop_order shop
218; 1259 16393 SEQUENCE public shop_order_id_seq shop
3400; 0 16390 TABLE DATA public shop_order shop
3410; 0 0 SEQUENCE SET public shop_order_id_seq shop
3290; 2606 16395 CONSTRAINT public shop_order shop_order_pkey shop
3291; 1259 16399 INDEX public shop_order_note shop
3292; 0 0 INDEX ATTACH public ev_1_at_idx shop
3293; 2606 16401 FK CONSTRAINT public shop_order shop_order_customer_fk shop
3294; 2620 16402 TRIGGER public shop_order tr shop
3295; 3256 16403 POLICY public shop_order p shop
3296; 0 0 COMMENT public CONSTRAINT shop_order_pkey ON shop_order shop
"""


class AfterTheRows(unittest.TestCase):
    def test_keys_indexes_and_sequences_are_taken_and_ties_are_not(self) -> None:
        numbers = [line.split(";")[0] for line in after_the_rows(LISTING).splitlines()]
        self.assertEqual(numbers, ["3410", "3290", "3291", "3292"])

    def test_a_listing_without_entries_gives_none(self) -> None:
        self.assertEqual(after_the_rows("; Archive\n;\n"), "")


if __name__ == "__main__":
    unittest.main()
