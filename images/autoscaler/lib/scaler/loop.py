"""The loop: looks at the edge, Docker and etcd once a second, decides, and has it carried out."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from docker_socket import DockerError
from etcd_gateway import EtcdError
from scaler.config import Config
from scaler.edge import EdgeError, Sample, Server, Traffic
from scaler.exposition import Metrics
from scaler.instances import Instance, missing, moves
from scaler.keys import RunData
from scaler.mend import Mender
from scaler.news import News
from scaler.plan import Planner, Situation
from scaler.replicas import Measurement


class EdgeReader(Protocol):
    def read(self, at: float) -> Sample: ...


class Lister(Protocol):
    def list(self, labels: Mapping[str, str]) -> dict[int, Instance]: ...


class KeyReader(Protocol):
    def read(self) -> RunData: ...


class Worker(Protocol):
    @property
    def busy(self) -> dict[int, str]: ...
    def begin(self, what: str, number: int) -> None: ...


@dataclass
class Autoscaler:
    """One look after the other. labels: of this stack's application containers. config: read anew
    at each look, for it may change while this runs. monotonic, wall: clocks."""

    edge: EdgeReader
    docker: Lister
    keys: KeyReader
    hands: Worker
    labels: Mapping[str, str]
    config: Callable[[], Config]
    metrics: Metrics
    say: Callable[[str], None]
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    traffic: Traffic = field(default_factory=Traffic)
    planner: Planner = field(default_factory=Planner)
    mender: Mender = field(default_factory=Mender)
    _data: RunData | None = None

    def __post_init__(self) -> None:
        self.news = News(self.metrics, self.say)

    def look(self) -> None:
        """One turn. Whoever does not answer is left out, and with it what depends on it."""
        config, now = self.config(), self.monotonic()
        sample = self._read_edge(now)
        data = self._read_keys()
        instances = self._read_docker()
        self._tell_sources(sample, instances, data)
        if instances is None:
            self._hold(config, "Docker does not answer")
        else:
            servers = None if sample is None else sample.servers
            self._decide(now, config, instances, servers, data)
        self.metrics.last_look = self.wall()

    def _decide(
        self, now: float, config: Config, instances: Mapping[int, Instance],
        servers: Mapping[int, Server] | None, data: RunData | None,
    ) -> None:  # fmt: skip
        # Containers beyond the maximum are on their way out, and Pulumi's.
        ours = {n: one for n, one in instances.items() if n <= config.maximum}
        running = [n for n, one in ours.items() if one.occupied]
        measured = (
            Measurement("requests/s", self.traffic.requests, config.requests),
            Measurement("at work", self.traffic.work, config.work),
        )
        # While etcd is silent, what it said last about pin and deploy still stands.
        known = data or self._data or RunData()
        hold = _hold(data)
        situation = Situation(len(running), known.pinned, hold, known.deploying)
        before = self.planner.desired
        plan = self.planner.decide(now, config, situation, measured)
        self.news.plan(now, config, plan, situation, before, measured)
        ready = {n for n in running if servers is not None and n in servers and servers[n].up}
        self.metrics.running, self.metrics.ready = len(running), len(ready)
        self.news.missing(now, missing(ours, config.maximum), known.deploying)
        if known.stopping:
            # The stack goes down: what ends now is meant to end.
            self.metrics.failing = ()
            return
        self._mend(now, ours, servers, known)
        todo = moves(
            ours, plan.instances, config.minimum,
            self.hands.busy, self.metrics.failing if not self.metrics.mend_held else (), ready,
        )  # fmt: skip
        failing = len(self.metrics.failing)
        spoilt = f" ({failing} without traffic)" if failing else ""
        for number in todo.start:
            self.say(f"starting app-{number}: {len(running)} run{spoilt}, {plan.instances} should")
            self.hands.begin("start", number)
        # Not without the edge, which says who serves; not while an update takes some away itself.
        if servers is not None and not known.deploying:
            for number in todo.stop:
                self.say(f"stopping app-{number}: {len(running)} run, {plan.instances} should")
                self.hands.begin("stop", number)

    def _mend(
        self, now: float, ours: Mapping[int, Instance], servers: Mapping[int, Server] | None,
        known: RunData,
    ) -> None:  # fmt: skip
        hold = "an update is at work" if known.deploying else ""
        verdict = self.mender.judge(now, ours, servers, self.hands.busy, hold)
        self.metrics.failing = verdict.failing
        self.metrics.mend_held = verdict.held if verdict.held.startswith("all ") else ""
        names = ", ".join(f"app-{number}" for number in verdict.failing)
        news = f"{names} without traffic for too long, left alone: {verdict.held}"
        self.news.changed(now, "mend", news if verdict.held else "")
        for number in verdict.mend:
            self.mender.mended(now, number)
            self.metrics.mends += 1
            how = f"{ours[number].state}, try {self.mender.tries(number)}"
            self.say(f"app-{number} gets no traffic and does not recover ({how}): starting it anew")
            self.hands.begin("mend", number)

    def _read_edge(self, now: float) -> Sample | None:
        try:
            sample = self.edge.read(now)
        except EdgeError as error:
            self.traffic.forget()
            self.news.changed(now, "edge", str(error))
            return None
        self.traffic.add(sample)
        self.news.changed(now, "edge", "")
        return sample

    def _read_keys(self) -> RunData | None:
        try:
            self._data = self.keys.read()
        except (EtcdError, KeyError, ValueError) as error:
            self.news.changed(self.monotonic(), "etcd", f"etcd does not answer: {error}")
            return None
        self.news.changed(self.monotonic(), "etcd", "")
        return self._data

    def _read_docker(self) -> dict[int, Instance] | None:
        try:
            found = self.docker.list(self.labels)
        except DockerError as error:
            self.news.changed(self.monotonic(), "docker", f"Docker does not answer: {error}")
            return None
        self.news.changed(self.monotonic(), "docker", "")
        return found

    def _hold(self, config: Config, why: str) -> None:
        self.metrics.minimum, self.metrics.maximum = config.minimum, config.maximum
        self.metrics.held = self.metrics.reason = why

    def _tell_sources(self, sample: object, instances: object, data: object) -> None:
        self.metrics.sources = {
            "edge": sample is not None,
            "docker": instances is not None,
            "etcd": data is not None,
        }


def _hold(data: RunData | None) -> str:
    """Why nothing may be decided, or ""."""
    if data is None:
        return "etcd does not answer: nobody knows whether the database is led"
    if data.stopping:
        return "the stack is being taken down"
    # Requests wait for the database then: they are many, and more instances would not help.
    return "" if data.leader else "the database has no leader"
