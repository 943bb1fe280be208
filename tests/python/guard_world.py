"""A world for the guard's property test: Docker, etcd, and members that live, die and lead.

Docker behaves as moby's daemon/monitor.go says: a death that the restart policy answers goes from
running to restarting, never through exited. Every question takes time, and things happen before its
answer is made, and between that and its arrival.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from image_paths import use

use("guard")
from decide import NEVER, Cluster, Container, Key, Listed, Release  # noqa: E402
from docker_api import DockerError  # noqa: E402
from etcd_gateway import EtcdUnreachable  # noqa: E402

MEMBERS = ("postgres-1", "postgres-2", "postgres-3")
ALIVE = ("running", "paused", "restarting")


class GuardKilled(BaseException):
    """The guard's process ended at this point. No Exception: nothing in the guard may catch it."""


@dataclass(eq=False)
class Box:
    """A container. `lease`: of the Patroni in it, one for each run; "" when no process lives."""

    id: str
    member: str
    status: str = "created"
    started_at: str = NEVER
    started_step: int = 0
    lease: str = ""
    cut: bool = False

    @property
    def acts(self) -> bool:
        """Whether its Patroni can write to etcd."""
        return self.status == "running" and not self.cut


class World:
    """`wrong` lists what must never happen; `refused` counts transactions that came too late."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.now = 0.0
        self.step = 0
        self.boxes: list[Box] = []
        self.key: Key | None = None
        self.stopping = self.paused = False
        self.docker_silent = self.etcd_silent = self.quiet = False
        self.config_revision = 1
        self.revision = 1
        self.listed_at = 0
        self.releases = self.refused = 0
        self.wrong: list[str] = []
        self.docker, self.keys = _Docker(self), _Keys(self)
        for member in MEMBERS:
            self.run(self.new_box(member))
        self.lead(self.boxes[0])

    # ---- what can happen -----------------------------------------------------------------------

    def event(self) -> None:
        """One thing happens somewhere."""
        self.step += 1
        weighted: list[tuple[int, Callable[[], None]]] = [
            (6, self.crash), (5, self.kill), (3, self.stop), (6, self.come_back), (5, self.start),
            (4, self.remove), (4, self.recreate), (4, self.pause), (4, self.unpause), (3, self.cut),
            (3, self.mend), (6, self.expire), (8, self.acquire), (6, self.rewrite), (2, self.move),
            (2, self.toggle_docker), (2, self.toggle_etcd), (1, self.toggle_stopping),
            (1, self.toggle_pause),
        ]  # fmt: skip
        self.rng.choices([act for _, act in weighted], [weight for weight, _ in weighted])[0]()

    def pick(self, *statuses: str) -> Box | None:
        """A container in one of these states; the leader's half of the time, if it is."""
        found = [box for box in self.boxes if box.status in statuses]
        leaders = [box for box in found if self.key and box.member == self.key.value]
        return self.rng.choice(leaders if leaders and self.rng.random() < 0.5 else found or [None])

    def new_box(self, member: str) -> Box:
        box = Box(f"{self.rng.getrandbits(256):064x}", member)
        self.boxes.append(box)
        return box

    def run(self, box: Box) -> None:
        box.status, box.lease, box.cut = "running", str(self.rng.getrandbits(40) + 1), False
        box.started_at, box.started_step = f"2026-11-25T09:00:00.{self.step:09d}Z", self.step

    def crash(self) -> None:
        """PID 1 dies; the restart policy answers, or has given up."""
        if box := self.pick("running", "paused"):
            box.lease = ""
            box.status = "restarting" if self.rng.random() < 0.8 else "exited"

    def come_back(self) -> None:
        if box := self.pick("restarting"):
            if self.rng.random() < 0.9:
                self.run(box)
            else:
                box.status = "exited"

    def kill(self) -> None:
        if box := self.pick("running", "paused", "restarting"):
            box.lease, box.status = "", "exited"

    def stop(self) -> None:
        """The leader hands over, if it can, and leaves."""
        if box := self.pick("running"):
            if self.key and self.key.lease == box.lease and not box.cut and self.rng.random() < 0.7:
                self.key = None
            box.lease, box.status = "", "exited"

    def start(self) -> None:
        if box := self.pick("exited", "created"):
            self.run(box)

    def remove(self) -> None:
        if box := self.pick("exited", "removing", "dead", "running", "created"):
            box.lease = ""
            if box.status in ("removing", "dead"):
                self.boxes.remove(box)
            else:
                box.status = self.rng.choice(("removing", "dead", "removing"))

    def recreate(self) -> None:
        """A new container for a member none of whose containers runs."""
        member = self.rng.choice(MEMBERS)
        if not any(box.member == member and box.status in ALIVE for box in self.boxes):
            box = self.new_box(member)
            if self.rng.random() < 0.6:
                self.run(box)

    def pause(self) -> None:
        if box := self.pick("running"):
            box.status = "paused"

    def unpause(self) -> None:
        if box := self.pick("paused"):
            box.status = "running"

    def cut(self) -> None:
        if box := self.pick("running"):
            box.cut = True

    def mend(self) -> None:
        for box in self.boxes:
            box.cut = False

    def expire(self) -> None:
        """The ttl ends of a key that nobody renews."""
        if self.key and not any(box.lease == self.key.lease and box.acts for box in self.boxes):
            if self.rng.random() < 0.3:
                self.key = None

    def acquire(self) -> None:
        box = self.pick("running")
        if self.key is None and box and box.acts:
            self.lead(box)

    def rewrite(self) -> None:
        """A member that finds its own name in the key writes it anew, with its own lease."""
        box = next((b for b in self.boxes if self.key and b.member == self.key.value), None)
        if box and box.acts:
            self.lead(box)

    def move(self) -> None:
        """A handover by the leader itself."""
        box = self.pick("running")
        if box and box.acts and self.key and self._holder_acts():
            self.lead(box)

    def _holder_acts(self) -> bool:
        return any(self.key and b.lease == self.key.lease and b.acts for b in self.boxes)

    def lead(self, box: Box) -> None:
        self.revision += 1
        self.key = Key(box.member, box.lease, str(self.revision))

    def toggle_docker(self) -> None:
        self.docker_silent = not self.docker_silent

    def toggle_etcd(self) -> None:
        self.etcd_silent = not self.etcd_silent

    def toggle_stopping(self) -> None:
        self.stopping = not self.stopping

    def toggle_pause(self) -> None:
        self.paused = not self.paused
        self.revision += 1
        self.config_revision = self.revision

    # ---- time ----------------------------------------------------------------------------------

    def idle(self, seconds: float) -> None:
        """Time between two looks."""
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        """Time within a look."""
        self.now += seconds
        self.interrupt(0.3)

    def interrupt(self, chance: float = 0.15) -> None:
        """Between two instructions of the guard: things happen, time passes, or it is killed."""
        self.now += 0.01
        if self.quiet:
            return
        while self.rng.random() < chance:
            self.event()
            self.now += self.rng.choice((0.0, 0.1, 0.5, 4.0))
        if self.rng.random() < 0.01:
            raise GuardKilled

    # ---- for the liveness test -----------------------------------------------------------------

    def calm(self) -> None:
        """Docker and etcd answer from now on, nothing holds the guard back, nothing interrupts."""
        self.docker_silent = self.etcd_silent = self.stopping = self.paused = False
        self.quiet = True

    def make_leader(self) -> None:
        """One member runs in a fresh container and leads."""
        member = self.rng.choice(MEMBERS)
        self.boxes = [box for box in self.boxes if box.member != member]
        box = self.new_box(member)
        self.run(box)
        self.lead(box)

    def end_leader(self) -> None:
        """The leader's container ends for good, in one of the ways there are."""
        box = next(b for b in self.boxes if self.key and b.lease == self.key.lease)
        self.step += 1
        box.lease = ""
        box.status = self.rng.choice(("exited", "exited", "dead", "removing", "gone"))
        if box.status == "gone":
            self.boxes.remove(box)


class _Docker:
    def __init__(self, world: World) -> None:
        self._world = world

    def _ask(self) -> None:
        self._world.interrupt()
        if self._world.docker_silent:
            self._world.now += 2.0
            raise DockerError("silent")

    def list(self, labels: dict[str, str]) -> list[Listed]:
        self._ask()
        world = self._world
        world.listed_at = world.step
        answer = [
            # The list is kept beside the containers: who is there is right, a state may be old.
            Listed(b.id, world.rng.choice((b.status, b.status, b.status, "running")), b.member)
            for b in world.boxes
        ]
        world.interrupt()
        return answer

    def inspect(self, id: str) -> Container | None:
        self._ask()
        world = self._world
        box = next((b for b in world.boxes if b.id == id), None)
        answer = box and Container(
            id=id,
            status=box.status,
            running=box.status in ALIVE,
            paused=box.status == "paused",
            restarting=box.status == "restarting",
            pid=4711 if box.lease else 0,
            started_at=box.started_at,
        )
        world.interrupt()
        return answer


class _Keys:
    def __init__(self, world: World) -> None:
        self._world = world

    def _ask(self) -> None:
        self._world.interrupt()
        if self._world.etcd_silent:
            self._world.now += 3.0
            raise EtcdUnreachable("silent")

    def read(self) -> Cluster:
        self._ask()
        world = self._world
        answer = Cluster(world.key, world.stopping, world.paused, str(world.config_revision))
        world.interrupt()
        return answer

    def release(self, release: Release) -> bool:
        self._ask()
        world = self._world
        same = (
            world.key == release.key
            and not world.stopping
            and str(world.config_revision) == release.cluster.config_revision
        )
        if same:
            self._check(release)
            world.key = None
            world.releases += 1
        else:
            world.refused += 1
        world.interrupt()
        return same

    def _check(self, release: Release) -> None:
        """What must never happen, at the moment of the transaction."""
        world = self._world
        for box in world.boxes:
            if box.lease and box.lease == release.key.lease:
                world.wrong.append(f"step {world.step}: the session of {box} lives")
            # No transaction of etcd can include Docker: one that was started after the guard
            # asked is not seen. It has not written the key yet (the session rule above).
            elif (
                box.member == release.key.value
                and box.status in ALIVE
                and box.started_step <= world.listed_at
            ):
                world.wrong.append(f"step {world.step}: {box} was up when Docker was asked")
        if world.stopping or world.paused:
            world.wrong.append(f"step {world.step}: the cluster is marked")
