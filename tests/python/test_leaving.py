"""A member that leaves, and a new one on the volume that it left."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import compose  # noqa: E402
import empty_volume  # noqa: E402
import leaving  # noqa: E402
import restore_files as files  # noqa: E402
from etcd_gateway import EtcdUnreachable  # noqa: E402


class World(unittest.TestCase):
    """A volume, and the layers of the containers that mount it one after the other."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.volume = Path(folder.name, "volume")
        (self.volume / "17/main").mkdir(parents=True)
        (self.volume / "17/main/PG_VERSION").write_text("17")
        (self.volume / "restore").mkdir()
        (self.volume / "restore/seeded.json").write_text("{}")
        self.first = Path(folder.name, "first/leaving")
        self.second = Path(folder.name, "second/leaving")

    def leave(self) -> None:
        leaving.leave("postgres-3", self.volume, self.first)


class Marks(World):
    def test_without_a_mark_nobody_leaves(self) -> None:
        self.assertFalse(leaving.is_leaving(self.volume, self.first))
        self.assertFalse(leaving.has_left(self.volume, self.first))

    def test_the_container_that_was_told_leaves_over_restarts(self) -> None:
        self.leave()
        self.assertTrue(leaving.is_leaving(self.volume, self.first))
        self.assertFalse(leaving.has_left(self.volume, self.first))

    def test_another_container_finds_what_was_left(self) -> None:
        self.leave()
        self.assertFalse(leaving.is_leaving(self.volume, self.second))
        self.assertTrue(leaving.has_left(self.volume, self.second))

    def test_told_twice_is_told_once(self) -> None:
        self.leave()
        before = leaving.mark(self.volume)
        self.leave()
        self.assertEqual(leaving.mark(self.volume), before)
        self.assertEqual(before["member"], "postgres-3")

    def test_killed_between_token_and_mark_it_is_a_member_as_before(self) -> None:
        leaving._write(self.first, "a word")
        self.assertFalse(leaving.is_leaving(self.volume, self.first))
        self.assertFalse(leaving.has_left(self.volume, self.first))
        self.leave()
        self.assertTrue(leaving.is_leaving(self.volume, self.first))

    def test_the_launchers_mark_has_no_token_and_no_container_has_it(self) -> None:
        for text in ('{"member": "postgres-3", "token": ""}', "", "no JSON", "[]"):
            (self.volume / leaving.MARK).write_text(text)
            self.assertTrue(leaving.has_left(self.volume, self.first), text)
            self.assertFalse(leaving.is_leaving(self.volume, self.first), text)

    def test_it_stays_after_all(self) -> None:
        self.leave()
        leaving.stay(self.volume, self.first)
        for token in (self.first, self.second):
            self.assertFalse(leaving.is_leaving(self.volume, token))
            self.assertFalse(leaving.has_left(self.volume, token))
        self.assertTrue((self.volume / "17/main/PG_VERSION").exists())


class Tags(World):
    def test_patroni_is_told_both_beside_what_else_it_was_told(self) -> None:
        folder = self.volume / "patroni"
        folder.mkdir()
        with mock.patch.object(compose, "FOLDER", folder):
            compose.tag_nofailover(True)
            compose.tag_leaving(True)
            files = sorted(one.name for one in folder.iterdir())
            self.assertEqual(files, ["40-tags.yml", "42-leaving.yml"])
            text = (folder / "42-leaving.yml").read_text()
            compose.tag_leaving(False)
            self.assertEqual([one.name for one in folder.iterdir()], ["40-tags.yml"])
        tags = {"nofailover": True, "nosync": True}
        self.assertEqual(compose.yaml.safe_load(text), {"tags": tags})


class Wipe(World):
    def test_nothing_is_left_but_what_the_filesystem_made(self) -> None:
        self.leave()
        (self.volume / "lost+found").mkdir()
        (self.volume / "link").symlink_to(self.first.parent)
        leaving.wipe(self.volume)
        self.assertEqual([one.name for one in self.volume.iterdir()], ["lost+found"])
        self.assertTrue(self.first.exists(), "what a link leads to is not the volume's")

    def test_an_interrupted_one_goes_on_at_the_next_start(self) -> None:
        self.leave()
        with mock.patch.object(leaving.shutil, "rmtree", side_effect=OSError("killed")):
            self.assertRaises(OSError, leaving.wipe, self.volume)
        self.assertTrue(leaving.has_left(self.volume, self.second))


class MadeEmpty(World):
    """The whole look, with etcd made up."""

    def setUp(self) -> None:
        super().setUp()
        self.leader: str | None | Exception = "postgres-1"
        self.founded = True
        self.said: list[str] = []
        self.looks = 0
        self.at_look: dict = {}
        etcd = mock.Mock(get=self._get)
        for patch in (
            mock.patch.object(files, "FOLDER", self.volume / "restore"),
            mock.patch.object(empty_volume, "PAUSE_SECONDS", 0.0),
            mock.patch.object(empty_volume.keys, "client", lambda: etcd),
            mock.patch.object(empty_volume.keys, "key", lambda name: f"/holdfast/dev-a/{name}"),
            mock.patch.object(empty_volume.keys, "initialized", lambda _: self.founded),
            mock.patch.object(empty_volume, "fact", lambda _: "postgres-3"),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def _get(self, name: str) -> str | None:
        self.assertEqual(name, "/holdfast/dev-a/leader")
        if isinstance(self.leader, Exception):
            raise self.leader
        return self.leader

    def _interrupted(self) -> bool:
        self.looks += 1
        self.at_look.get(self.looks, lambda: None)()
        return self.looks > 9

    def made(self) -> bool:
        said = self.said.append
        return empty_volume.made_empty(self._interrupted, said, self.volume, self.second)

    def holds_data(self) -> bool:
        return (self.volume / "17/main/PG_VERSION").exists()

    def test_a_volume_of_its_own_is_left_alone(self) -> None:
        self.assertTrue(self.made())
        self.assertTrue(self.holds_data())
        self.assertEqual(self.said, [])

    def test_with_a_leader_it_is_emptied_and_that_is_said(self) -> None:
        self.leave()
        self.assertTrue(self.made())
        self.assertEqual(list(self.volume.iterdir()), [])
        self.assertRegex(self.said[0], r"left here at 20.* is removed: starting empty")

    def test_while_nobody_leads_it_stays(self) -> None:
        self.leave()
        for leader, founded, reason in (
            (None, True, "nobody leads"),
            ("postgres-3", True, "postgres-3 itself holds the leader's key"),
            ("postgres-1", False, "the cluster has no database yet"),
            (EtcdUnreachable("no etcd member answered"), True, "etcd: no etcd member answered"),
        ):
            self.leader, self.founded, self.looks, self.said = leader, founded, 0, []
            self.assertFalse(self.made(), reason)
            self.assertTrue(self.holds_data(), reason)
            self.assertEqual(len(self.said), 1)
            self.assertIn(reason, self.said[0])
            state = json.loads((self.volume / "restore/state.json").read_text())
            self.assertEqual(state["phase"], "waiting")

    def test_where_nothing_is_left_nobody_has_to_lead(self) -> None:
        self.leave()
        self.leader = None
        for entry in leaving.contents(self.volume):
            leaving.shutil.rmtree(entry)
        self.assertTrue(self.made())
        self.assertEqual(list(self.volume.iterdir()), [])
        self.assertEqual(self.said, [])

    def test_it_goes_as_soon_as_somebody_leads(self) -> None:
        self.leave()
        self.leader = None
        self.at_look[4] = lambda: setattr(self, "leader", "postgres-2")
        self.assertTrue(self.made())
        self.assertFalse(self.holds_data())


if __name__ == "__main__":
    unittest.main()
