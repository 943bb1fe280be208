"""The guard in a simulated world, over thousands of random orders of events.

Never: the key of a session whose process lives (running, paused, unreachable) is released, nor that
of a container that Docker is restarting. And: a leader that stays ended is released soon, when
Docker and etcd answer.
"""

import os
import random
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from guard_world import GuardKilled, World
from image_paths import use

use("guard")
from decide import Container, Hold, Release, decide  # noqa: E402
from docker_api import DockerError  # noqa: E402
from etcd_gateway import EtcdUnreachable  # noqa: E402
from exposition import Metrics  # noqa: E402
from guard import Guard  # noqa: E402

RUNS = int(os.environ.get("HOLDFAST_GUARD_RUNS", "3000"))
STEPS = 40
# A look that Docker and etcd answer is enough; the second is for one begun before they did.
LOOKS_UNTIL_RELEASE = 2


class Watch:
    """One run: a world, and a guard that is started anew whenever it is killed."""

    def __init__(self, seed: int, folder: Path, kind: type[Guard] = Guard) -> None:
        self.kind = kind
        self.random = random.Random(seed)
        self.world = World(self.random)
        self.file = folder / f"{seed}.json"
        self.guard = self.start()

    def start(self) -> Guard:
        world = self.world
        return self.kind(
            world.docker,
            world.keys,
            {},
            self.file,
            Metrics(),
            say=lambda _: None,
            monotonic=lambda: world.now,
            wall=lambda: world.now,
            sleep=world.sleep,
        )

    def look(self) -> bool:
        """One look; true when it released a key."""
        before = self.world.releases
        try:
            self.guard.look()
        except GuardKilled:
            # Everything but its file is lost.
            self.guard = self.start()
        return self.world.releases > before


class Property(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_a_living_leader_keeps_its_key(self) -> None:
        """The world notes each wrong release, at the moment of the transaction."""
        releases = late = 0  # late: refused by the transaction
        for seed in range(RUNS):
            watch = Watch(seed, self.folder)
            for _ in range(STEPS):
                watch.world.event()
                if watch.random.random() < 0.7:
                    watch.look()
                watch.world.idle(watch.random.random() * 2)
            releases += watch.world.releases
            late += watch.world.refused
            self.assertEqual(watch.world.wrong, [], f"seed {seed}")
        # A test that releases nothing, or in which the transaction never refuses, is idle.
        self.assertGreater(releases, RUNS // 10)
        self.assertGreater(late, RUNS // 200)

    def test_a_dead_leader_is_released(self) -> None:
        tried = 0
        for seed in range(RUNS // 4):
            watch = Watch(seed + 10**6, self.folder)
            world = watch.world
            for _ in range(STEPS // 2):
                world.event()
                watch.look()
                world.idle(watch.random.random() * 2)
            world.calm()
            world.make_leader()
            watch.look()  # the guard has seen it run at least once
            world.end_leader()
            if watch.random.random() < 0.3:
                watch.guard = watch.start()
            self.assertIsNotNone(world.key, f"seed {seed}")
            looks = next(
                (n for n in range(1, LOOKS_UNTIL_RELEASE + 1) if watch.look()), None
            )
            self.assertIsNotNone(looks, f"seed {seed}: the leader's key is still there")
            self.assertEqual(world.wrong, [], f"seed {seed}")
            tried += 1
        self.assertEqual(tried, RUNS // 4)

    def test_the_world_catches_a_guard_that_is_wrong(self) -> None:
        """So the first test would have found such faults."""
        mutants = {
            "whoever does not run is dead": lambda c: c.status != "running",
            "paused is dead": lambda c: c.status in ("exited", "paused"),
            "restarting is dead": lambda c: c.status in ("exited", "restarting"),
        }
        for name, is_dead in mutants.items():
            self.assertTrue(self.wrong_with(careless(is_dead)), name)
        self.assertTrue(self.wrong_with(hasty()), "the key is read after Docker was asked")

    def wrong_with(self, kind: type[Guard]) -> list[str]:
        for seed in range(400):
            watch = Watch(seed, self.folder, kind)
            for _ in range(STEPS):
                watch.world.event()
                watch.look()
                watch.world.idle(1)
            if watch.world.wrong:
                return watch.world.wrong
        return []


def careless(is_dead: Callable[[Container], bool]) -> type[Guard]:
    """A guard that believes one reading, and calls others dead than Docker does."""

    class Careless(Guard):
        def look(self) -> Release | Hold:
            try:
                cluster = self._keys.read()
                if cluster.leader is None or cluster.stopping or cluster.paused:
                    return Hold("marked")
                look = self._read(cluster.leader.value, self._docker.list({}))
            except (DockerError, EtcdUnreachable):
                return Hold("silent")
            found = [container for container in look.found.values() if container]
            if found and all(is_dead(container) for container in found):
                self._release(Release(cluster, cluster.leader, "careless"))
            return Hold("")

    return Careless


def hasty() -> type[Guard]:
    """A guard that asks Docker first and etcd then: between them a new process may lead."""

    class Hasty(Guard):
        def look(self) -> Release | Hold:
            try:
                held = self._keys.read()
                if held.leader is None:
                    return Hold("none")
                member = held.leader.value
                looks = [self._read(member, self._docker.list({})) for _ in range(2)]
                cluster = self._keys.read()
                if cluster.leader is None or cluster.leader.value != member:
                    return Hold("another")
                decision = decide(cluster, looks[0], looks[1], self._memory.get(member), 0)
            except (DockerError, EtcdUnreachable):
                return Hold("silent")
            if isinstance(decision, Release):
                self._release(decision)
            return decision

    return Hasty


if __name__ == "__main__":
    unittest.main()
