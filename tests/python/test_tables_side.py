"""What of a table is cut before it is moved beside the live ones; on a fake connection."""

import unittest
from types import SimpleNamespace

from image_paths import use
from stand_ins import stand_in

stand_in()
use("backup")

from backup.errors import BackupError  # noqa: E402
from tables import side  # noqa: E402
from tables.names import Table  # noqa: E402

SCHEMA = "restored_1"
EV = Table("public", "ev")
EV_1 = Table("public", "ev_1")
ORDER = Table("public", "shop_order")


class Cursor:
    """Answers the module's own queries from facts, and writes down every other statement."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.rows: list[tuple[object, ...]] = []

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, query: str, values: object = None) -> None:
        name = values["table"] if isinstance(values, dict) else (values or ("",))[0]
        if query == side.PARENTS:
            self.rows = self.world.parents.get(str(name), [])
        elif query == side.CHILDREN:
            self.rows = self.world.children.get(str(name), [])
        elif query == side.TIES:
            self.rows = [(tie,) for tie in self.world.ties.get(str(name), [])]
        elif query.startswith("SELECT count(*)"):
            self.rows = [(7,)]
        else:
            self.world.statements.append(query)

    def fetchall(self) -> list[tuple[object, ...]]:
        return self.rows


class World:
    def __init__(self) -> None:
        self.parents: dict[str, list[tuple[object, ...]]] = {}
        self.children: dict[str, list[tuple[object, ...]]] = {}
        self.ties: dict[str, list[str]] = {}
        self.statements: list[str] = []
        self.committed = False

    @property
    def connection(self) -> SimpleNamespace:
        return SimpleNamespace(cursor=lambda: Cursor(self), commit=self._commit)

    def _commit(self) -> None:
        self.committed = True


class Move(unittest.TestCase):
    def test_ties_are_cut_before_the_table_moves(self) -> None:
        world = World()
        world.ties['"public"."shop_order"'] = ["ALTER TABLE shop_order DROP CONSTRAINT fk"]
        counts = side.move(world.connection, [ORDER], SCHEMA)
        self.assertEqual(
            world.statements,
            [
                'CREATE SCHEMA "restored_1"',
                "ALTER TABLE shop_order DROP CONSTRAINT fk",
                'ALTER TABLE "public"."shop_order" SET SCHEMA "restored_1"',
            ],
        )
        self.assertEqual(counts, {ORDER: 7})
        self.assertTrue(world.committed)

    def test_a_partition_whose_parent_stays_becomes_a_table(self) -> None:
        world = World()
        world.parents['"public"."ev_1"'] = [("public", "ev", True)]
        side.move(world.connection, [EV_1], SCHEMA)
        self.assertIn(
            'ALTER TABLE "public"."ev" DETACH PARTITION "public"."ev_1"', world.statements
        )

    def test_an_inheriting_table_whose_parent_stays_stands_alone(self) -> None:
        world = World()
        world.parents['"public"."ev_1"'] = [("public", "ev", False)]
        side.move(world.connection, [EV_1], SCHEMA)
        self.assertIn('ALTER TABLE "public"."ev_1" NO INHERIT "public"."ev"', world.statements)

    def test_a_partition_stays_one_when_its_parent_comes_along(self) -> None:
        world = World()
        world.parents['"public"."ev_1"'] = [("public", "ev", True)]
        side.move(world.connection, [EV, EV_1], SCHEMA)
        self.assertFalse([text for text in world.statements if "DETACH" in text])

    def test_two_of_one_name_are_refused_before_anything_is_touched(self) -> None:
        world = World()
        with self.assertRaisesRegex(BackupError, "public.ev and old.ev do not fit"):
            side.move(world.connection, [EV, Table("old", "ev")], SCHEMA)
        self.assertEqual(world.statements, [])


class Children(unittest.TestCase):
    def test_a_partition_comes_with_its_parent_and_once(self) -> None:
        world = World()
        world.children['"public"."ev"'] = [("public", "ev_1")]
        found = side.with_children(world.connection, [EV, EV_1, ORDER])
        self.assertEqual(found, [EV, EV_1, ORDER])


if __name__ == "__main__":
    unittest.main()
