"""A run through two repositories: what fails in one harms no other, and what it leaves behind."""

import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from backup_world import CLOUD, SETTINGS
from image_paths import use
from stand_ins import stand_in

use("backup")
stand_in()
from backup import damage, jobs, logical, paths, state, sums  # noqa: E402
from backup.cluster import Member  # noqa: E402
from backup.errors import BackupError, NotReady, RepositoryFault, SettingsError  # noqa: E402
from backup.state import Repository, Run, State  # noqa: E402
from engine.types import BaseBackup, Fault  # noqa: E402
from objects.folder import Folder  # noqa: E402


class Engine:
    """Stands in for pgBackRest: repositories that list what was taken, or fail as told."""

    def __init__(self) -> None:
        self.taken: dict[str, list[BaseBackup]] = {"local": [], "cloud": []}
        self.failing: dict[str, Exception] = {}
        self.prepared: list[str] = []
        self.bad: set[str] = set()

    def _answer(self, repository: str) -> None:
        if repository in self.failing:
            raise self.failing[repository]

    def archived(self, repository: str) -> list[object]:
        self._answer(repository)
        return []

    def prepare(self, repository: str) -> None:
        self._answer(repository)
        self.prepared.append(repository)

    def back_up(self, repository: str, kind: str) -> BaseBackup:
        self._answer(repository)
        number = len(self.taken[repository])
        label = f"2026112{number}-000000{kind[0].upper()}"
        taken = BaseBackup(
            repository, label, kind, number, number + 1, 7, 9, False, "0/0", "0/0", "a", "b",
            "17-1", "2.55.1", "17",
        )  # fmt: skip
        self.taken[repository].append(taken)
        return taken

    def base_backups(self, repository: str) -> list[BaseBackup]:
        self._answer(repository)
        return list(self.taken[repository])

    def verify(self, repository: str, label: str) -> list[Fault]:
        return [Fault(label, "is damaged")] if label in self.bad else []

    def expire(self, repository: str, label: str) -> None:
        self.taken[repository] = [one for one in self.taken[repository] if one.label != label]


class Runs(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        (root / "backup.json").write_text(json.dumps({**SETTINGS, "cloud": CLOUD}))
        self.engine = Engine()
        self.full = False
        self.store = Folder(root / "store", "cloud")
        leader = Member("p1", "10.0.0.11", 5432, True, 0)
        for patch in (
            unittest.mock.patch.multiple(
                paths,
                REPOSITORY=root,
                SETTINGS=root / "backup.json",
                STATE=root / "state.json",
                LOCK=root / "lock",
                SUMS=root / "sums",
                DUMPS=root / "dumps",
            ),
            unittest.mock.patch.object(jobs.room, "short", lambda _: self.full),
            unittest.mock.patch.object(jobs, "open_engine", lambda _: self.engine),
            unittest.mock.patch.object(jobs.stanza, "open_store", lambda _: self.store),
            unittest.mock.patch.object(logical, "open_store", lambda _: self.store),
            unittest.mock.patch.object(jobs.cluster, "members", lambda _: [leader]),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def known(self) -> State:
        return state.load(paths.STATE)

    def remember(self, **runs: Run) -> None:
        ready = {name: Repository(created=0, stanza_ready=True) for name in ("local", "cloud")}
        names = {name.replace("_", "/"): run for name, run in runs.items()}
        state.save(paths.STATE, State(created=0, runs=names, repositories=ready))

    def test_both_get_theirs_each_with_a_record(self) -> None:
        results = jobs.backup("full")
        self.assertEqual([(r.repository, r.kind, r.bytes) for r in results],
                         [("local", "full", 7), ("cloud", "full", 7)])  # fmt: skip
        self.assertEqual(set(self.known().runs), {"local/full", "cloud/full"})
        self.assertEqual(self.engine.prepared, ["local", "cloud"])
        self.assertTrue((paths.SUMS / results[0].label / "manifest.json").exists())

    def test_the_clouds_outage_does_not_stop_the_local_one_nor_the_other_way(self) -> None:
        for away, whole in (("cloud", "local"), ("local", "cloud")):
            self.engine.failing = {away: RepositoryFault(away, "unreachable", "no route")}
            self.remember()
            results = {result.repository: result for result in jobs.backup("physical")}
            self.assertEqual(results[whole].error, "")
            self.assertIn("no route", results[away].error)
            run = self.known().runs[f"{away}/full"]
            self.assertEqual((run.failures, run.cause), (1, "unreachable"))
            self.assertFalse(self.known().of(away).stanza_ready)
            self.assertTrue(self.known().of(whole).stanza_ready)

    def test_one_repository_alone(self) -> None:
        (result,) = jobs.backup("incr", "cloud")
        self.assertEqual((result.repository, result.kind), ("cloud", "incr"))
        with self.assertRaisesRegex(SettingsError, "no repository moon"):
            jobs.backup("incr", "moon")

    def test_a_cluster_that_is_not_ready_is_no_failure(self) -> None:
        self.engine.failing = {"local": NotReady("no leader")}
        self.remember()
        with self.assertRaises(NotReady):
            jobs.backup("full", "local")
        self.assertEqual(self.known().runs, {})

    def test_a_repository_that_came_back_empty_owes_everything(self) -> None:
        self.remember(
            cloud_full=Run(last_success=5),
            cloud_logical=Run(last_success=5, label="20261123T024500Z"),
            local_full=Run(last_success=5),
        )
        jobs.prepare("cloud")
        self.assertEqual(set(self.known().runs), {"local/full"})

    def test_a_repository_that_was_mended_is_tried_at_once(self) -> None:
        self.remember()
        self.engine.failing = {"cloud": RepositoryFault("cloud", "bucket", "no bucket")}
        with self.assertRaises(RepositoryFault):
            jobs.prepare("all")
        known = self.known()
        self.assertEqual(known.of("cloud").stanza_cause, "bucket")
        self.assertEqual((known.of("cloud").stanza_ready, known.of("local").stanza_ready),
                         (False, True))  # fmt: skip
        self.assertEqual(self.engine.prepared, ["local"])
        self.engine.failing = {}
        jobs.prepare("cloud")
        entry = self.known().of("cloud")
        self.assertEqual((entry.stanza_ready, entry.stanza_error), (True, ""))
        self.assertIsNotNone(entry.mended)
        self.assertIsNone(self.known().of("local").mended)

    def test_a_damaged_backup_goes_when_a_new_full_one_is_there(self) -> None:
        (first,) = jobs.backup("full", "cloud")
        jobs.backup("diff", "cloud")
        damage.remember("cloud", {first.label: "bundle/1 invalid checksum"})
        self.assertIsNotNone(self.known().of("cloud").damaged_since)
        self.engine.bad = {first.label}
        jobs.backup("diff", "cloud")
        self.assertIn(first.label, [one.label for one in self.engine.taken["cloud"]])
        jobs.backup("full", "cloud")
        self.assertNotIn(first.label, [one.label for one in self.engine.taken["cloud"]])
        entry = self.known().of("cloud")
        self.assertEqual((entry.damaged, entry.damaged_since), ({}, None))

    def test_one_that_reads_well_the_second_time_is_kept(self) -> None:
        (first,) = jobs.backup("full", "cloud")
        damage.remember("cloud", {first.label: "unreadable"})
        jobs.backup("full", "cloud")
        self.assertIn(first.label, [one.label for one in self.engine.taken["cloud"]])
        self.assertEqual(self.known().of("cloud").damaged, {})

    def test_a_backup_remembered_once_asks_for_one_replacement(self) -> None:
        damage.remember("local", {"A": "x", "20261123T024500Z": "y"})
        entry = self.known().of("local")
        self.assertIsNotNone(entry.damaged_dump_since)
        with state.changing(paths.STATE) as known:
            known.of("local").damaged_since = None
        damage.remember("local", {"A": "x"})
        self.assertIsNone(self.known().of("local").damaged_since)

    def test_on_a_full_volume_that_is_what_is_wrong(self) -> None:
        self.remember()
        self.full = True
        odd = "WAL segment 000000010000000000000038 was not archived before the 90000ms timeout"
        self.engine.failing = {
            name: RepositoryFault(name, "other", odd) for name in ("local", "cloud")
        }
        jobs.backup("full")
        causes = {name: run.cause for name, run in self.known().runs.items()}
        self.assertEqual(causes, {"local/full": "full", "cloud/full": "other"})

    def test_without_a_dump_there_is_nothing_to_upload(self) -> None:
        (result,) = jobs.backup("logical", "cloud")
        self.assertIn("no dump yet", result.error)

    def test_a_damaged_dump_is_not_brought_to_the_cloud_and_is_made_again(self) -> None:
        dump = paths.DUMPS / "20261123T024500Z"
        dump.mkdir(parents=True)
        (dump / "shop.dump").write_bytes(b"whole")
        sums.write(dump, dump, [dump / "shop.dump"], {})
        (dump / "shop.dump").write_bytes(b"who")
        (result,) = jobs.backup("logical", "cloud")
        self.assertIn("shop.dump is damaged", result.error)
        self.assertEqual(self.store.list(""), [])
        self.assertEqual(damage.dumps("local"), ["20261123T024500Z"])
        self.assertIsNotNone(self.known().of("local").damaged_dump_since)

    def test_all_unready_is_said_by_the_first_fault(self) -> None:
        self.engine.failing = {"local": BackupError("odd")}
        with self.assertRaisesRegex(BackupError, "odd"):
            jobs.prepare("all")
        self.assertTrue(self.known().of("cloud").stanza_ready)


if __name__ == "__main__":
    unittest.main()
