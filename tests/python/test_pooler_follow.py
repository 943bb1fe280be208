"""The follower brings PgBouncer where the routes lead, also when PgBouncer did not listen at first."""

import sys
import tempfile
import unittest
from pathlib import Path

from stand_ins import stand_in

stand_in()
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images" / "pooler"))

from pooler import follow as follow_module  # noqa: E402
from pooler.admin import AdminError  # noqa: E402
from pooler.files import Facts  # noqa: E402
from pooler.follow import Follower  # noqa: E402
from pooler.looks import Look  # noqa: E402

A, B = "10.0.0.11", "10.0.0.12"


class FakeBouncer:
    """Counts RELOADs; refuses as many as it is told to."""

    def __init__(self) -> None:
        self.reloads = 0
        self.refuse = 0
        self.well = True

    def healthy(self) -> bool:
        return self.well

    def console(self, timeout: float = 1.0) -> "FakeBouncer":
        return self

    def __enter__(self) -> "FakeBouncer":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, command: str, timeout: float) -> list[dict[str, object]]:
        if command == "RELOAD":
            if self.refuse:
                self.refuse -= 1
                raise AdminError("no answer")
            self.reloads += 1
        return []


class FakePauser:
    def __init__(self) -> None:
        self.events: list[str] = []

    def hold(self, database: str) -> None:
        self.events.append("hold")

    def release(self, database: str) -> None:
        self.events.append("release")


def primary(timeline: int) -> Look:
    return Look(1.0, "primary", 0, "primary", timeline, 100, 100)


def replica(timeline: int) -> Look:
    return Look(1.0, "replica", 0, "replica", timeline, 100, 100)


class Following(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, follow_module, "say", follow_module.say)
        follow_module.say = lambda _: None
        self.file = Path(folder.name) / "databases.ini"
        self.pauser = FakePauser()
        self.bouncer = FakeBouncer()
        self.follower = Follower(
            self.file, lambda: Facts("shop", (A, B), 1000), "", self.pauser, 25.0  # type: ignore[arg-type]
        )
        self.follower.bouncer = self.bouncer  # type: ignore[assignment]
        self.writable = {A, B}
        self.follower._postgres.takes_writes = lambda a: a in self.writable  # type: ignore[method-assign]
        self.see(primary(1), replica(1))
        self.follower.step()

    def see(self, a: Look, b: Look) -> None:
        self.follower._watch.looks = lambda: {A: a, B: b}  # type: ignore[method-assign]

    def test_the_first_leader_is_written_and_loaded(self) -> None:
        self.assertIn(f"shop = host={A} ", self.file.read_text())
        self.assertEqual(self.bouncer.reloads, 1)
        self.assertTrue(self.follower._leads_to(A))

    def test_nothing_new_means_no_reload(self) -> None:
        self.follower.step()
        self.assertEqual(self.bouncer.reloads, 1)

    def test_a_reload_that_was_lost_is_repeated_before_anybody_is_let_through(self) -> None:
        self.see(Look(1.0, "other", 0, "other"), replica(1))
        self.follower.step()
        self.assertEqual(self.pauser.events[-1], "hold")
        self.bouncer.refuse = 2
        self.see(Look(1.0, "other", 0, "other"), primary(2))
        self.follower.step()
        self.follower.step()
        self.assertEqual(self.pauser.events[-1], "hold")
        self.assertFalse(self.follower._leads_to(B))
        self.follower.step()
        self.assertEqual(self.pauser.events[-1], "release")
        self.assertTrue(self.follower._leads_to(B))

    def test_a_leader_that_takes_no_writes_yet_is_not_followed(self) -> None:
        self.writable = {A}
        self.see(replica(1), primary(2))
        self.follower.step()
        self.assertEqual(self.pauser.events[-1], "hold")
        self.assertIn(f"shop = host={A} ", self.file.read_text())
        self.writable = {B}
        self.follower.step()
        self.assertIn(f"shop = host={B} ", self.file.read_text())
        self.assertEqual(self.pauser.events[-1], "release")

    def test_a_restarted_pgbouncer_reads_the_file_again(self) -> None:
        self.follower.started()
        self.follower.step()
        self.assertEqual(self.bouncer.reloads, 2)

    def test_a_replica_that_leaves_is_left_out_and_comes_back(self) -> None:
        self.assertIn(f"shop_ro = host={B} ", self.file.read_text())
        self.assertEqual(self.follower.leave(B, 30.0, 0.1), 0)
        self.assertIn(f"shop_ro = host={A} ", self.file.read_text())
        self.follower.come_back(B)
        self.follower.step()
        self.assertIn(f"shop_ro = host={B} ", self.file.read_text())


if __name__ == "__main__":
    unittest.main()
