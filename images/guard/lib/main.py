#!/usr/bin/python3
"""holdfast-guard, the container's program.

Facts: HOLDFAST_SCOPE (Patroni's), HOLDFAST_STACK, HOLDFAST_SITE, HOLDFAST_ETCD (addresses), the
file /etc/holdfast/stack-id and the secret etcd-guard. Docker: /run/docker-proxy/docker.sock.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from docker_api import Docker, DockerError
from etcd_gateway import Etcd
from exposition import Metrics, serve
from guard import Guard
from leader_key import LeaderKey
from silence import Silence

SOCKET = "/run/docker-proxy/docker.sock"
MEMORY = Path("/var/lib/guard/members.json")
STACK_ID = Path("/etc/holdfast/stack-id")
PASSWORD = Path("/etc/holdfast/secrets/etcd-guard")

POLL_SECONDS = 1.0
DOCKER_SECONDS = 2.0
# All members one after the other: the loop is back within this time.
ETCD_SECONDS = 3.0
EVENTS_SECONDS = 300.0
HEALTHY_SECONDS = 5.0


def say(text: str) -> None:
    print(f"holdfast-guard: {text}", flush=True)


def fact(name: str) -> str:
    value = os.environ.get(f"HOLDFAST_{name}", "")
    if not value:
        sys.exit(f"holdfast-guard: the environment variable HOLDFAST_{name} is missing")
    return value


def text_of(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        sys.exit(f"holdfast-guard: cannot read {file}: {error.strerror}")


def follow(docker: Docker, labels: dict[str, str], woken: threading.Event) -> None:
    """Wakes the loop at each death. The loop says what is wrong with Docker; this only tries on."""
    while True:
        try:
            for _ in docker.deaths(labels, EVENTS_SECONDS):
                woken.set()
        except DockerError:
            pass
        time.sleep(1)


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
        "holdfast.component": "postgres",
    }
    etcd = Etcd(hosts, "guard", text_of(PASSWORD), timeout=ETCD_SECONDS / len(hosts))
    docker = Docker(SOCKET, DOCKER_SECONDS)
    metrics, silence = Metrics(), Silence(time.monotonic())
    serve(metrics, lambda: silence.silent_for(time.monotonic()) < HEALTHY_SECONDS)

    stopped, woken = threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        woken.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for target, arguments in ((follow, (docker, labels, woken)), (watch, (silence,))):
        threading.Thread(target=target, args=arguments, name=target.__name__, daemon=True).start()

    def beat() -> None:
        silence.beat(time.monotonic())

    guard = Guard(docker, LeaderKey(etcd, scope), labels, MEMORY, metrics, say, beat)
    say(f"watching the leader of {scope}")
    while not stopped.is_set():
        guard.look()
        beat()
        woken.wait(POLL_SECONDS)
        woken.clear()
    say("stopping")


if __name__ == "__main__":
    main()
