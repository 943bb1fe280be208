"""holdfast-autoscaler, the container's program.

usage: holdfast-autoscaler [--check FILE]      --check: only reads a configuration

Facts: HOLDFAST_SCOPE (Patroni's), HOLDFAST_STACK, HOLDFAST_SITE, HOLDFAST_ETCD (addresses),
HOLDFAST_EDGE (address), HOLDFAST_PREFIX (of the instances' names), the file
/etc/holdfast/stack-id and the secret etcd-autoscaler. Docker: /run/docker-proxy/docker.sock.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from etcd_gateway import Etcd
from scaler import config as configuration
from scaler.docker_api import Docker
from scaler.edge import Edge
from scaler.exposition import Metrics, serve
from scaler.facts import fact, text_of
from scaler.hands import Hands
from scaler.keys import Keys
from scaler.loop import Autoscaler
from silence import Silence

CONFIG = Path("/etc/holdfast/live/autoscaler.json")
SOCKET = "/run/docker-proxy/docker.sock"
STACK_ID = Path("/etc/holdfast/stack-id")
PASSWORD = Path("/etc/holdfast/secrets/etcd-autoscaler")

LOOK_SECONDS = 1.0
EDGE_SECONDS = 1.0
DOCKER_SECONDS = 2.0
# All members one after the other: the loop is back within this time.
ETCD_SECONDS = 3.0
HEALTHY_SECONDS = 8.0


def say(text: str) -> None:
    print(f"holdfast-autoscaler: {text}", flush=True)


class LiveConfig:
    """The file, read again when it has changed. One that cannot be read changes nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: int | None = None
        self._config = configuration.read(file)

    def __call__(self) -> configuration.Config:
        try:
            stamp = self._file.stat().st_mtime_ns
            if stamp != self._seen:
                self._config, self._seen = configuration.read(self._file), stamp
        except (OSError, configuration.ConfigError) as error:
            if self._seen is not None:
                say(f"the configuration stays as it was: {error}")
            self._seen = None
        return self._config


def watch(silence: Silence) -> None:
    """Ends the process when its loop hangs: Docker starts it again."""
    while True:
        time.sleep(silence.tick_seconds)
        if silence.tick(time.monotonic()):
            say(f"the loop is silent for {silence.limit_seconds:.0f} s: starting over")
            os._exit(70)


def main() -> None:
    scope, hosts = fact("SCOPE"), fact("ETCD").split(",")
    labels = {
        "holdfast.id": text_of(STACK_ID),
        "holdfast.stack": fact("STACK"),
        "holdfast.site": fact("SITE"),
        "holdfast.component": "app",
    }
    etcd = Etcd(hosts, "autoscaler", text_of(PASSWORD), timeout=ETCD_SECONDS / len(hosts))
    docker = Docker(SOCKET, DOCKER_SECONDS, fact("PREFIX"))
    metrics, silence = Metrics(), Silence(time.monotonic(), limit_seconds=20.0)
    try:
        config = LiveConfig(CONFIG)
    except configuration.ConfigError as error:
        sys.exit(f"holdfast-autoscaler: {error}")
    serve(metrics, lambda: silence.silent_for(time.monotonic()) < HEALTHY_SECONDS)
    threading.Thread(target=watch, args=(silence,), name="watch", daemon=True).start()

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())

    autoscaler = Autoscaler(
        Edge(fact("EDGE"), EDGE_SECONDS), docker, Keys(etcd, scope), Hands(docker, say),
        labels, config, metrics, say,
    )  # fmt: skip
    say(f"watching the traffic of {scope}")
    due = time.monotonic()
    while not stopped.is_set():
        autoscaler.look()
        silence.beat(time.monotonic())
        # At whole steps, so that what is measured covers the same time; late ones are left out.
        due = max(due + LOOK_SECONDS, time.monotonic())
        stopped.wait(due - time.monotonic())
    say("stopping")


def check(file: Path) -> None:
    """Ends the program with what is wrong with a configuration; silent when nothing is."""
    try:
        configuration.read(file)
    except configuration.ConfigError as error:
        sys.exit(f"holdfast-autoscaler: {error}")


def run() -> None:
    if sys.argv[1:2] == ["--check"] and len(sys.argv) == 3:
        check(Path(sys.argv[2]))
    elif len(sys.argv) == 1:
        main()
    else:
        sys.exit("usage: holdfast-autoscaler [--check FILE]")
