"""The router against two real aliases: "replica" mirrors "default" on its own connection."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.test import SimpleTestCase, TransactionTestCase, override_settings

from routing import state
from routing.router import LeaderReplicaRouter

LEADER, REPLICA = DEFAULT_DB_ALIAS, "replica"


class RouterTest(TransactionTestCase):
    databases = {LEADER, REPLICA}

    def setUp(self) -> None:
        self.group = Group.objects.create(name="sailors")

    def read(self) -> str:
        return Group.objects.get(name="sailors")._state.db

    def test_outside_a_request_everything_is_on_the_leader(self) -> None:
        self.assertEqual(self.read(), LEADER)

    def test_in_a_request_reads_go_to_the_replica(self) -> None:
        with state.request() as current:
            self.assertEqual(self.read(), REPLICA)
            self.assertFalse(current.wrote)
            self.assertEqual(current.aliases, {REPLICA})
        self.assertEqual(self.read(), LEADER)

    def test_after_a_write_reads_go_to_the_leader(self) -> None:
        with state.request() as current:
            Group.objects.create(name="cooks")
            self.assertEqual(self.read(), LEADER)
            self.assertTrue(current.wrote)
        with state.request():
            self.assertEqual(self.read(), REPLICA)

    def test_each_kind_of_write_is_one(self) -> None:
        sailors = Group.objects.filter(name="sailors")
        writes = {
            "save": self.group.save,
            "update": lambda: sailors.update(name="sailors"),
            "bulk_create": lambda: Group.objects.bulk_create([Group(name="b")]),
            "get_or_create": lambda: Group.objects.get_or_create(name="sailors"),
            "delete": lambda: Group.objects.filter(name="b").delete(),
            "many to many": lambda: self.group.user_set.add(
                get_user_model().objects.db_manager(LEADER).create(username="ada")
            ),
            "raw, declared": state.wrote,
        }
        for name, write in writes.items():
            with self.subTest(name), state.request() as current:
                write()
                self.assertTrue(current.wrote)
                self.assertEqual(self.read(), LEADER)

    def test_select_for_update_locks_on_the_leader(self) -> None:
        with state.request(), transaction.atomic():
            locked = Group.objects.select_for_update().get(name="sailors")
            self.assertEqual(locked._state.db, LEADER)
        with state.request() as current:
            self.assertEqual(Group.objects.select_for_update().db, LEADER)
            self.assertTrue(current.wrote)

    def test_an_atomic_block_on_the_leader_reads_there(self) -> None:
        with state.request():
            with transaction.atomic():
                self.assertEqual(self.read(), LEADER)
                with transaction.atomic():
                    self.assertEqual(self.read(), LEADER)
            self.assertEqual(self.read(), REPLICA)

    def test_an_atomic_block_on_the_replica_reads_there_though_pinned(self) -> None:
        with state.request(pinned=True):
            with transaction.atomic(using=REPLICA):
                self.assertEqual(self.read(), REPLICA)
            self.assertEqual(self.read(), LEADER)

    def test_a_write_within_a_replica_block_goes_to_the_leader_and_reads_follow(self) -> None:
        with state.request(), transaction.atomic(using=REPLICA):
            self.assertEqual(Group.objects.create(name="cooks")._state.db, LEADER)
            self.assertEqual(self.read(), LEADER)

    def test_reading_is_one_transaction(self) -> None:
        with state.request(), state.reading() as alias:
            self.assertEqual(alias, REPLICA)
            self.assertTrue(connections[REPLICA].in_atomic_block)
            self.assertEqual(self.read(), REPLICA)
        with state.request(pinned=True), state.reading() as alias:
            self.assertEqual((alias, self.read()), (LEADER, LEADER))

    def test_find_asks_the_leader_for_what_the_replica_lacks(self) -> None:
        asked: list[str] = []

        def read(alias: str) -> str | None:
            asked.append(alias)
            return "found" if alias == LEADER else None

        with state.request():
            self.assertEqual(state.find(read), "found")
            self.assertEqual(self.read(), LEADER)
        self.assertEqual(asked, [REPLICA, LEADER])
        with state.request():
            self.assertIsNone(state.find(lambda alias: None))
        self.assertEqual(state.find(read), "found")

    def test_what_hangs_on_an_object_of_the_leader_is_read_there(self) -> None:
        with state.request():
            ours = Group.objects.using(LEADER).get(name="sailors")
            self.assertEqual(ours.permissions.all().db, LEADER)
            theirs = Group.objects.get(name="sailors")
            self.assertEqual(theirs.permissions.all().db, REPLICA)

    def test_objects_of_both_aliases_may_be_related(self) -> None:
        user = get_user_model().objects.create(username="ada")
        with state.request():
            user.groups.add(Group.objects.get(name="sailors"))
        self.assertEqual(user.groups.count(), 1)


class RulesTest(SimpleTestCase):
    def test_migrations_on_the_leader_only(self) -> None:
        self.assertTrue(router.allow_migrate(LEADER, "auth"))
        self.assertFalse(router.allow_migrate(REPLICA, "auth"))

    def test_no_opinion_about_other_databases(self) -> None:
        other = Group()
        other._state.db = "warehouse"
        self.assertIsNone(LeaderReplicaRouter().allow_relation(Group(), other))
        self.assertIsNone(LeaderReplicaRouter().allow_migrate("warehouse", "auth"))

    @override_settings(ROUTING_REPLICA="nowhere")
    def test_without_a_replica_everything_is_on_the_leader(self) -> None:
        with state.request():
            self.assertEqual(state.read_alias(), LEADER)
