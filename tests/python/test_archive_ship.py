"""Shipping between two fake repositories: order, outages, holes in either, loss in both."""

import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from archive_world import SYSTEM, FakeEngine, Now, Repository, base_backup, history, holding, wal

from archive import names, rescue
from archive.ship import Shipper
from backup.cluster import Member

LEADER = Member("postgres-1", "10.0.0.11", 5432, True, 0)
REPLICA = Member("postgres-2", "10.0.0.12", 5432, False, 0)


class Shop(unittest.TestCase):
    """A shipper with a clock of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.now = 1000.0
        self.said: list[str] = []
        self.members = [LEADER, REPLICA]
        self.pg_wal: dict[str, dict[str, bytes]] = {}
        self.asked: list[tuple[str, str]] = []
        self.running: int | None = None
        pools = SimpleNamespace(looks=Now(), moves=Now(), rescues=Now())
        self.shipper = Shipper(
            self.folder,
            self.read,
            lambda: self.members,
            self.said.append,
            pools=pools,  # type: ignore[arg-type]
            clock=lambda: self.now,
            wall=lambda: self.now,
            running=lambda: self.running,
        )

    def read(self, member: Member, name: str) -> bytes:
        self.asked.append((member.name, name))
        content = self.pg_wal.get(member.name, {}).get(name)
        if content is None:
            raise rescue.NotThere(f"{member.name} does not have {name}")
        return content

    def engine(self, local: list[str], cloud: list[str], **more) -> FakeEngine:
        """Both with a base backup at segment 3 and these files."""
        histories = more.pop("histories", None)
        return FakeEngine(
            local=Repository(holding(local, histories), backups=[base_backup(1, 3, 3)]),
            cloud=Repository(holding(cloud, histories), backups=[base_backup(1, 3, 3)]),
            **more,
        )

    def run_for(self, engine: FakeEngine, seconds: float, step: float = 1.0) -> None:
        end = self.now + seconds
        while self.now < end:
            self.shipper.tick(engine)
            self.now += step


class Shipping(Shop):
    def test_history_first_then_by_position(self) -> None:
        told = {2: history((1, names.start_of(5) + 8))}
        files = [*wal(1, 3, 4), *wal(2, 5, 6), "00000002.history", wal(1, 5, 5)[0] + ".partial"]
        engine = self.engine(files, wal(1, 3, 3), histories=told)
        self.run_for(engine, 10)
        expected = ["00000002.history", *wal(1, 4, 4), wal(1, 5, 5)[0] + ".partial", *wal(2, 5, 6)]
        self.assertEqual(engine.pushed("cloud"), expected)
        self.assertEqual(engine.held["cloud"].files, engine.held["local"].files)
        self.assertEqual(engine.pushed("local"), [])
        self.assertEqual((self.shipper.filled, self.said), ({"local": 0, "cloud": 0}, []))

    def test_the_copy_on_the_way_is_removed(self) -> None:
        engine = self.engine(wal(1, 3, 6), wal(1, 3, 3))
        self.run_for(engine, 10)
        self.assertEqual([path for path in self.folder.rglob("*") if path.is_file()], [])

    def test_what_retention_expired_is_not_shipped_again(self) -> None:
        engine = self.engine([*wal(1, 1, 5), "00000001.history"], wal(1, 3, 5))
        self.run_for(engine, 30)
        self.assertEqual(engine.pushed("cloud"), ["00000001.history"])

    def test_each_repository_has_its_own_retention(self) -> None:
        engine = self.engine(wal(1, 8, 9), wal(1, 3, 9))
        engine.held["local"].backups = [base_backup(1, 8, 8)]
        self.run_for(engine, 60)
        self.assertEqual((engine.pushed("local"), engine.pushed("cloud")), ([], []))
        self.assertEqual(self.shipper.confirmed_holes("local"), [])

    def test_a_new_cloud_begins_where_the_local_archive_ends(self) -> None:
        engine = self.engine(wal(1, 3, 6), [])
        engine.held["cloud"].backups = []
        self.run_for(engine, 3)
        engine.held["local"].files |= holding(wal(1, 7, 8))
        self.run_for(engine, 5)
        self.assertEqual(engine.pushed("cloud"), wal(1, 6, 8))

    def test_before_its_stanza_exists_nothing_is_pushed(self) -> None:
        engine = self.engine(wal(1, 3, 6), [])
        engine.held["cloud"].archive, engine.held["cloud"].backups = "", []
        self.run_for(engine, 20)
        self.assertEqual(engine.pushed("cloud"), [])
        engine.held["cloud"].archive = "17-1"
        self.run_for(engine, 70)
        self.assertEqual(engine.pushed("cloud"), wal(1, 6, 6))

    def test_another_clusters_files_of_the_same_name_do_not_count(self) -> None:
        engine = self.engine(wal(1, 3, 6), wal(1, 3, 6))
        engine.held["local"].archive = "17-2"
        engine.held["local"].backups = [base_backup(1, 3, 3, "17-2")]
        held = engine.held["cloud"]
        held.archive, held.backups = "17-4", [base_backup(1, 3, 3, "17-3")]
        held.files = {}
        self.run_for(engine, 10)
        self.assertEqual(engine.pushed("cloud"), wal(1, 6, 6))

    def test_without_a_cloud_nothing_is_carried(self) -> None:
        engine = FakeEngine(local=Repository(holding(wal(1, 3, 6)), backups=[base_backup(1, 3, 3)]))
        self.run_for(engine, 5)
        self.assertEqual(self.shipper.backlog, [])
        self.assertTrue(self.shipper.judgements["local"]["17-1"].reaches_newest)

    def test_the_clouds_listing_is_remembered(self) -> None:
        engine = self.engine(wal(1, 3, 6), wal(1, 3, 3))
        self.run_for(engine, 590)
        self.assertEqual(engine.calls.count(("archived", "cloud")), 1)
        self.run_for(engine, 20)
        self.assertEqual(engine.calls.count(("archived", "cloud")), 2)


class Outages(Shop):
    def test_an_outage_is_said_once_and_asked_more_and_more_rarely(self) -> None:
        engine = self.engine(wal(1, 3, 6), wal(1, 3, 5))
        self.run_for(engine, 5)
        engine.held["cloud"].refuses = "unreachable"
        engine.held["local"].files |= holding(wal(1, 7, 50))
        before = len(engine.calls)
        self.run_for(engine, 600)
        asked = [call for call in engine.calls[before:] if call[1] == "cloud"]
        self.assertLess(len(asked), 30)
        self.assertEqual(self.said, ["repository cloud: no answer"])
        view = self.shipper.views["cloud"]
        self.assertEqual((view.cause, view.failures > 0), ("unreachable", True))
        self.assertEqual(self.shipper.backlog, wal(1, 7, 50))

        engine.held["cloud"].refuses = ""
        self.run_for(engine, 70)
        self.assertEqual(engine.held["cloud"].files, engine.held["local"].files)
        self.assertEqual((view.cause, view.failures, self.shipper.backlog), ("", 0, []))
        self.assertEqual(self.said[1:], ["repository cloud works"])
        self.assertEqual(self.shipper.filled, {"local": 0, "cloud": 0})

    def test_one_that_lists_and_takes_nothing_stays_down_and_is_not_hammered(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 3))
        engine.held["cloud"].read_only = "full"
        self.run_for(engine, 300)
        self.assertLess(len(engine.calls) - engine.calls.count(("archived", "local")), 100)
        self.assertEqual(self.shipper.views["cloud"].cause, "full")
        engine.held["cloud"].read_only = ""
        self.run_for(engine, 60)
        self.assertEqual(engine.held["cloud"].files, engine.held["local"].files)

    def test_the_local_repositorys_own_trouble_is_its_own(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 9))
        self.run_for(engine, 3)
        engine.held["local"].refuses = "damaged"
        self.run_for(engine, 5)
        self.assertEqual(self.shipper.views["local"].cause, "damaged")
        self.assertEqual(self.shipper.views["cloud"].cause, "")

    def test_one_spoiled_file_holds_up_nothing(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 3))
        engine.held["local"].damaged = set(wal(1, 5, 5))
        self.run_for(engine, 120)
        lacking = set(engine.held["local"].files) - set(engine.held["cloud"].files)
        self.assertEqual(lacking, set(wal(1, 5, 5)))
        self.assertEqual(self.shipper.views["local"].failures, 0)
        engine.held["local"].files |= holding(wal(1, 10, 10))
        self.run_for(engine, 4)
        self.assertIn(wal(1, 10, 10)[0], engine.held["cloud"].files)


class AnothersStanza(Shop):
    def test_either_repository_that_becomes_another_clusters_is_at_fault(self) -> None:
        self.running = SYSTEM
        for name, other in (("local", "cloud"), ("cloud", "local")):
            engine = self.engine(wal(1, 3, 6), wal(1, 3, 6))
            self.run_for(engine, 3)
            engine.held[name].system = SYSTEM ^ 1
            # The longest that a look at whose it is may be away.
            self.run_for(engine, 32)
            view = self.shipper.views[name]
            self.assertEqual((view.cause, view.failures > 0), ("stanza", True), name)
            self.assertIn("holdfast-backup --accept-new-cluster", view.error)
            self.assertIn(str(SYSTEM ^ 1), view.error)
            self.assertEqual(self.shipper.views[other].cause, "")
            said = len(self.said)
            self.run_for(engine, 60)
            self.assertEqual((view.cause, len(self.said)), ("stanza", said), "it is said once")

            engine.held[name].system = SYSTEM
            self.run_for(engine, 6)
            self.assertEqual((view.cause, view.failures), ("", 0), name)

    def test_nothing_is_carried_there_until_it_is_accepted(self) -> None:
        self.running = SYSTEM
        engine = self.engine(wal(1, 3, 6), wal(1, 3, 6))
        engine.held["cloud"].system = SYSTEM ^ 1
        self.run_for(engine, 3)
        engine.held["local"].files |= holding(wal(1, 7, 9))
        self.run_for(engine, 60)
        self.assertEqual(engine.pushed("cloud"), [])
        # --accept-new-cluster: a second archive in the same repository, empty at first.
        engine.held["cloud"] = Repository(archive="17-2", backups=[base_backup(1, 8, 8, "17-2")])
        self.run_for(engine, 10)
        self.assertEqual(engine.pushed("cloud"), wal(1, 8, 9))
        self.assertEqual(self.shipper.views["cloud"].cause, "")

    def test_while_nobody_knows_the_leaders_or_there_is_no_stanza_it_is_no_fault(self) -> None:
        engine = self.engine(wal(1, 3, 6), wal(1, 3, 6))
        engine.held["local"].system = SYSTEM ^ 1
        engine.held["cloud"].system = None
        self.run_for(engine, 60)
        self.running = SYSTEM
        engine.held["local"].system = SYSTEM
        self.run_for(engine, 60)
        self.assertEqual({view.cause for view in self.shipper.views.values()}, {""})


class Holes(Shop):
    def test_a_segment_deleted_from_the_cloud_comes_back(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 9))
        self.run_for(engine, 5)
        del engine.held["cloud"].files[wal(1, 5, 5)[0]]
        self.run_for(engine, 620)
        self.assertEqual(engine.pushed("cloud"), wal(1, 5, 5))
        self.assertEqual(self.shipper.filled, {"local": 0, "cloud": 1})

    def test_a_segment_deleted_from_the_local_one_comes_back_at_once(self) -> None:
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 9))
        self.run_for(engine, 5)
        del engine.held["local"].files[wal(1, 5, 5)[0]]
        self.run_for(engine, 6)
        self.assertEqual(engine.pushed("local"), wal(1, 5, 5))
        self.assertEqual(self.shipper.filled, {"local": 1, "cloud": 0})
        self.assertTrue(self.shipper.judgements["local"]["17-1"].reaches_newest)

    def test_what_expired_in_the_local_one_this_second_stays_away(self) -> None:
        engine = self.engine(wal(1, 3, 12), wal(1, 3, 12))
        engine.held["local"].backups.append(base_backup(1, 8, 8))
        self.run_for(engine, 5)
        engine.held["local"].backups.pop(0)
        for name in wal(1, 3, 7):
            del engine.held["local"].files[name]
        self.run_for(engine, 100)
        self.assertEqual(engine.pushed("local"), [])
        self.assertEqual((self.shipper.owed, self.asked), ({}, []))

    def test_missing_in_both_comes_from_a_member(self) -> None:
        lost = wal(1, 5, 5)[0]
        told = [*wal(1, 3, 4), *wal(1, 6, 9)]
        engine = self.engine(told, told)
        self.pg_wal = {"postgres-2": {lost: b"from the replica"}}
        self.run_for(engine, 9)
        self.assertEqual((self.asked, self.shipper.confirmed_holes("local")), ([], []))
        self.run_for(engine, 5)
        self.assertEqual(self.asked, [("postgres-1", lost), ("postgres-2", lost)])
        for held in engine.held.values():
            self.assertEqual(held.files[lost], b"from the replica")
        self.assertEqual(self.shipper.filled, {"local": 1, "cloud": 1})
        self.run_for(engine, 5)
        self.assertEqual((self.shipper.owed, self.shipper.confirmed_holes("cloud")), ({}, []))

    def test_lost_everywhere_is_owed_and_splits_the_window(self) -> None:
        told = [*wal(1, 3, 4), *wal(1, 6, 9)]
        engine = self.engine(told, told)
        self.run_for(engine, 16)
        self.assertEqual(set(self.shipper.owed), {"local", "cloud"})
        self.assertIn(wal(1, 5, 5)[0], self.shipper.owed["cloud"])
        hole = [["17-1", *wal(1, 5, 5)]]
        self.assertEqual(self.shipper.confirmed_holes("local"), hole)

        engine.held["local"].backups.append(base_backup(1, 8, 8))
        self.run_for(engine, 15)
        self.assertEqual(set(self.shipper.owed), {"cloud"})
        self.assertEqual(len(self.shipper.judgements["local"]["17-1"].intervals), 2)
        self.assertEqual(self.shipper.confirmed_holes("local"), hole)

    def test_an_old_loss_owes_nothing_while_a_new_gap_is_being_filled(self) -> None:
        told = [*wal(1, 3, 4), *wal(1, 6, 9)]
        engine = self.engine(told, told)
        for held in engine.held.values():
            held.backups.append(base_backup(1, 7, 7))
        self.run_for(engine, 60)
        self.assertEqual(self.shipper.confirmed_holes("local"), [["17-1", *wal(1, 5, 5)]])
        for held in engine.held.values():
            held.files |= holding(wal(1, 11, 11))
        self.members = [REPLICA]
        self.run_for(engine, 60)
        self.assertEqual(self.shipper.owed, {})
        self.members = [LEADER]
        self.run_for(engine, 60)
        self.assertIn(wal(1, 10, 10)[0], self.shipper.owed["local"])
        self.assertNotIn(wal(1, 5, 5)[0], self.shipper.owed["local"])

    def test_nothing_is_owed_while_the_leader_does_not_answer(self) -> None:
        told = [*wal(1, 3, 4), *wal(1, 6, 9)]
        engine = self.engine(told, told)
        self.members = [REPLICA]
        self.run_for(engine, 60)
        self.assertEqual(self.shipper.owed, {})
        self.members = []
        self.run_for(engine, 60)
        self.assertEqual(self.shipper.owed, {})
        self.members = [LEADER]
        self.run_for(engine, 30)
        self.assertEqual(set(self.shipper.owed), {"local", "cloud"})

    def test_a_member_that_comes_back_with_the_segment_ends_the_debt(self) -> None:
        told = [*wal(1, 3, 4), *wal(1, 6, 9)]
        engine = self.engine(told, told)
        self.run_for(engine, 20)
        self.assertTrue(self.shipper.owed)
        self.pg_wal = {"postgres-2": holding(wal(1, 5, 5))}
        self.run_for(engine, 30)
        self.assertEqual(self.shipper.owed, {})

    def test_a_spoiled_local_segment_reaches_the_cloud_from_a_member(self) -> None:
        lost = wal(1, 5, 5)[0]
        engine = self.engine(wal(1, 3, 9), wal(1, 3, 3))
        engine.held["local"].damaged = {lost}
        self.pg_wal = {"postgres-1": {lost: b"whole"}}
        self.run_for(engine, 60)
        self.assertEqual(engine.held["cloud"].files[lost], b"whole")

    def test_the_tail_of_a_dead_leader_is_fetched_when_the_history_arrives(self) -> None:
        told = {2: history((1, names.start_of(6) + 8))}
        files = [*wal(1, 3, 4), "00000002.history"]
        engine = self.engine(files, files, histories=told)
        self.pg_wal = {"postgres-1": holding(wal(1, 5, 5))}
        self.run_for(engine, 15)
        self.assertIn(wal(1, 5, 5)[0], engine.held["local"].files)


if __name__ == "__main__":
    unittest.main()
