"""The guard's loop: looks at etcd and Docker about once a second and at every container's death."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import memory
from decide import (
    Cluster,
    Container,
    Hold,
    Listed,
    Look,
    Release,
    decide,
    held_back,
    remember,
    signs_of_life,
)
from docker_api import DockerError
from etcd_gateway import EtcdError
from exposition import Metrics

# Docker's own stop and start of `docker restart` lie closer together than this.
BETWEEN_READS_SECONDS = 0.3


class Containers(Protocol):
    """What the loop asks Docker."""

    def list(self, labels: dict[str, str]) -> list[Listed]: ...
    def inspect(self, id: str) -> Container | None: ...


class Keys(Protocol):
    """What the loop asks etcd."""

    def read(self) -> Cluster: ...
    def release(self, release: Release) -> bool: ...


class Guard:
    """Looks, remembers, and releases a dead leader's key.

    Args:
        labels: of every PostgreSQL container of this stack and site.
        file: where the memory lies.
        beat: called at each step, for the watchdog.
        monotonic, wall: clocks; sleep: waits between the two reads.
    """

    def __init__(
        self,
        docker: Containers,
        keys: Keys,
        labels: dict[str, str],
        file: Path,
        metrics: Metrics,
        say: Callable[[str], None],
        beat: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._docker = docker
        self._keys = keys
        self._labels = labels
        self._file = file
        self._metrics = metrics
        self._say = say
        self._beat = beat
        self._monotonic = monotonic
        self._wall = wall
        self._sleep = sleep
        self._memory = memory.load(file)
        self._saved = True
        self._said: dict[str, str] = {}
        self._held = ""

    def look(self) -> Release | Hold:
        """One look. Never raises for a Docker or an etcd that does not answer: the ttl does its
        work then."""
        begun = self._monotonic()
        cluster = self._ask_etcd()
        try:
            decision = self._look_at_docker(cluster, begun)
        except DockerError as error:
            self._metrics.docker_up = False
            self._say_once("Docker", f"Docker does not answer, nothing is released: {error}")
            return Hold("Docker does not answer")
        self._metrics.docker_up = True
        self._say_once("Docker", "")
        if cluster is not None:
            self._metrics.last_look = self._wall()
        if isinstance(decision, Release):
            self._release(decision)
        else:
            self._say_held(decision.reason if decision.worth_saying else "")
        return decision

    def _ask_etcd(self) -> Cluster | None:
        try:
            self._beat()
            cluster = self._keys.read()
        except (EtcdError, KeyError, ValueError) as error:
            self._lost_etcd(error)
            return None
        self._metrics.etcd_up = True
        self._say_once("etcd", "")
        return cluster

    def _look_at_docker(self, cluster: Cluster | None, begun: float) -> Release | Hold:
        """Remembers who runs, even without etcd; then reads the leader, twice if it is dead."""
        self._beat()
        listed = self._docker.list(self._labels)
        self._keep(remember(self._memory, listed))
        if cluster is None:
            return Hold("etcd does not answer")
        hold = held_back(cluster)
        if hold is not None or cluster.leader is None:
            return hold or Hold("no leader")
        member = cluster.leader.value
        remembered = self._memory.get(member)
        first = self._read(member, listed)
        sign = signs_of_life(first, remembered)
        if sign is not None:
            return Hold(sign)
        self._sleep(BETWEEN_READS_SECONDS)
        self._beat()
        second = self._read(member, self._docker.list(self._labels))
        return decide(cluster, first, second, remembered, self._monotonic() - begun)

    def _read(self, member: str, listed: list[Listed]) -> Look:
        """One reading. The list may be a moment old (Docker keeps it beside the containers); each
        container's own state is not."""
        ids = {one.id for one in listed if one.member == member}
        wanted = ids | ({self._memory[member]} if member in self._memory else set())
        found = {}
        for id in sorted(wanted):
            self._beat()
            found[id] = self._docker.inspect(id)
        return Look(frozenset(ids), found)

    def _release(self, release: Release) -> None:
        self._beat()
        try:
            done = self._keys.release(release)
        except (EtcdError, KeyError, ValueError) as error:
            self._lost_etcd(error)
            return
        if done:
            self._metrics.releases += 1
            self._say(f"released the leader's key. {release.reason}")
        else:
            self._say(f"the key changed meanwhile, nothing released. {release.reason}")

    def _lost_etcd(self, error: Exception) -> None:
        self._metrics.etcd_up = False
        self._say_once("etcd", f"etcd does not answer, nothing is released: {error}")

    def _keep(self, changed: dict[str, str]) -> None:
        if changed == self._memory and self._saved:
            return
        self._memory = changed
        try:
            memory.save(self._file, changed)
            self._saved = True
            self._say_once("memory file", "")
        except OSError as error:
            self._saved = False
            self._say_once("memory file", f"cannot write {self._file}: {error.strerror}")

    def _say_held(self, reason: str) -> None:
        if reason and reason != self._held:
            self._say(f"nothing is released: {reason}")
        self._held = reason

    def _say_once(self, about: str, text: str) -> None:
        """Says what changed: an empty text is "well again"."""
        before = self._said.get(about, "")
        self._said[about] = text
        # The words of one outage may differ from look to look; one line is enough.
        if bool(text) == bool(before):
            return
        self._say(text or f"{about} is well again")
