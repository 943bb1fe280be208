"""A small world for the autoscaler: containers that take time to start, an edge that notices late,
traffic from a shape file. The real loop runs in it, with a clock that is moved by hand."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from image_paths import use

use("autoscaler")
from docker_socket import DockerError  # noqa: E402
from etcd_gateway import EtcdUnreachable  # noqa: E402
from scaler.config import Config  # noqa: E402
from scaler.edge import EdgeError, Sample, Server  # noqa: E402
from scaler.exposition import Metrics  # noqa: E402
from scaler.instances import Instance  # noqa: E402
from scaler.keys import RunData  # noqa: E402
from scaler.loop import Autoscaler  # noqa: E402
from scaler.replicas import Policy, Rules  # noqa: E402

SHAPES = Path(__file__).parent / "traffic"
# Docker's start, gunicorn's boot with Django, two good checks of the edge at most 1 s later.
START_SECONDS = 7.0
CAPACITY = 120.0  # requests a second that one instance can serve
PLACES = 7  # requests that the edge lets one instance work on at once


def config(minimum: int = 2, maximum: int = 4, **other: object) -> Config:
    """The defaults of the settings."""
    base = {
        "tolerance": 0.1,
        "requests": 50.0,
        "work": 0.7 * PLACES,
        "up": Rules(0, (Policy("instances", 20, 15),)),
        "down": Rules(300, (Policy("instances", 1, 15),)),
    }
    return Config(minimum, maximum, **{**base, **other})


def shape(name: str) -> list[tuple[float, float]]:
    lines = (SHAPES / f"{name}.csv").read_text().splitlines()
    pairs = (line.split(",") for line in lines if line and not line.startswith("#"))
    return [(float(at), float(rate)) for at, rate in pairs]


@dataclass
class Box:
    number: int
    state: str = "running"
    started: float = -1000.0
    hung: bool = False
    # Answers /healthz with 503: what it needs is away.
    sick: bool = False
    starts: int = 0
    kills: int = 0


@dataclass
class World:
    """rng: for the noise of arrivals. rate: requests a second at a time."""

    rng: random.Random
    rate: Callable[[float], float]
    settings: Config = field(default_factory=config)
    begin_running: int = 2

    def __post_init__(self) -> None:
        self.now = 0.0
        self.boxes = {
            n: Box(n, "running" if n <= self.begin_running else "exited")
            for n in range(1, self.settings.maximum + 1)
        }
        self.data: RunData | None = RunData(leader="postgres-1")
        self.edge_silent = self.docker_silent = False
        self.requests = 0.0
        self.waiting = 0.0
        self.down_since: dict[int, float] = {}
        self.busy: dict[int, tuple[str, float]] = {}
        self.log: list[str] = []
        self.history: list[tuple[float, int, int]] = []  # time, desired, ready
        self.restart()

    def restart(self) -> None:
        """A new autoscaler, which knows nothing."""
        self.scaler = Autoscaler(
            self, self, self, self, {}, lambda: self.settings, Metrics(),
            lambda text: self.log.append(f"{self.now:.0f} {text}"),
            lambda: self.now, lambda: self.now,
        )  # fmt: skip
        # One object answers as edge, Docker and etcd: each asks in its own way.
        self.scaler.edge, self.scaler.docker, self.scaler.keys = _Edge(self), _Docker(self), _Keys(self)
        self.scaler.hands = _Hands(self)

    # ---- time -----------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.now += 1.0
            self._serve()
            self._work()
            self.scaler.look()
            self.history.append(
                (self.now, self.scaler.metrics.desired, sum(1 for _ in self.ready()))
            )

    def ready(self) -> list[int]:
        return [n for n in self.boxes if self.server(n).up]

    def server(self, number: int) -> Server:
        box = self.boxes.get(number)
        frozen = box is not None and box.state == "paused"
        starting = box is None or box.state != "running" or self.now - box.started < START_SECONDS
        if starting and not frozen:
            return Server("DOWN", "L4CON")
        # The kernel takes the connection for a process that does not run.
        if frozen or box.hung:
            return Server("DOWN", "L7TOUT")
        return Server("DOWN", "L7STS") if box.sick else Server("UP", "L7OK")

    def _serve(self) -> None:
        """One second of traffic: Poisson arrivals, as much served as the ready ones can."""
        mean = self.rate(self.now)
        arrived = max(0.0, self.rng.gauss(mean, math.sqrt(mean))) if mean > 0 else 0.0
        self.requests += arrived
        capacity = len(self.ready()) * CAPACITY
        open_requests = self.waiting + arrived
        served = min(capacity, open_requests)
        # What waits longer than the edge's queue timeout (10 s) is turned away.
        self.waiting = min(open_requests - served, 10 * max(mean, 1))
        self.work = self.waiting + (served / CAPACITY) * 1.5

    def _work(self) -> None:
        for number, (what, until) in list(self.busy.items()):
            if self.now < until:
                continue
            del self.busy[number]
            box = self.boxes.get(number)
            if box is None:
                continue
            if what == "stop":
                box.state = "exited"
                continue
            box.kills += what == "mend"
            box.state, box.started, box.hung = "running", self.now, False
            box.starts += 1


@dataclass
class _Part:
    world: World


class _Edge(_Part):
    def read(self, at: float) -> Sample:
        if self.world.edge_silent:
            raise EdgeError("the edge does not answer")
        servers = {n: self.world.server(n) for n in range(1, 21)}
        return Sample(at, self.world.requests, self.world.work, servers)


class _Docker(_Part):
    def list(self, labels: Mapping[str, str]) -> dict[int, Instance]:
        if self.world.docker_silent:
            raise DockerError("silent")
        return {n: self._instance(box) for n, box in self.world.boxes.items()}

    def _instance(self, box: Box) -> Instance:
        age = self.world.now - box.started
        ill = box.state in ("running", "paused") and (box.hung or box.sick)
        health = "unhealthy" if ill else "healthy"
        return Instance(box.number, f"id{box.number}", box.state, health, age if age < 60 else None)


class _Keys(_Part):
    def read(self) -> RunData:
        if self.world.data is None:
            raise EtcdUnreachable("no etcd member answered")
        return self.world.data


class _Hands(_Part):
    @property
    def busy(self) -> dict[int, str]:
        return {number: what for number, (what, _) in self.world.busy.items()}

    def begin(self, what: str, number: int) -> None:
        world = self.world
        assert number not in world.busy, f"app-{number} is busy"
        if what == "stop":
            assert number > world.settings.minimum, f"app-{number} always runs"
        world.busy[number] = (what, world.now + {"start": 1, "mend": 1, "stop": 5}[what])
