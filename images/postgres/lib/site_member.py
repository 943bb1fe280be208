"""What a site's role asks of this member (M29): it starts only as what the site is, and takes no writes
once the permission has ended.

- Before Patroni starts, the agent says what the site is; a site that starts cold is read-only until
  somebody confirms it. Where the agent is away, a member may join a cluster that runs, or one whose
  configuration makes it read-only anyway.
- Once the permission is over, a primary ends with its container, whatever etcd or Patroni say; and so
  does a replica that might be promoted in its place.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import health
import restore_keys as keys
import site_gate
from compose import site_part, write_private
from etcd_gateway import EtcdError
from patroni_api import PatroniError, own_status, read

# Patroni's own copy of the dynamic configuration, in force where etcd has lost it.
CACHE = Path("/var/lib/postgresql/17/main/patroni.dynamic.json")
OWN = ("standby_cluster", "slots")
# The agent is started anew within a second or two; then whoever can start without it does.
PATIENCE_SECONDS = 10.0
LOOK_SECONDS = 1.0
FENCE_SECONDS = 0.5


def agent() -> str:
    """The agent's address, "" at a sole site."""
    return os.environ.get("HOLDFAST_SITE_AGENT", "")


class Entrance:
    """Keeps Patroni from starting until it is known what it would become."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log, self._said, self._begin = log, "", 0.0
        self.standby = False

    def open(self) -> bool:
        """Asks once. True when Patroni may start; its configuration says the role then."""
        if not agent():
            return True
        self._begin = self._begin or time.monotonic()
        answer = site_gate.ask(agent())
        if answer is not None and answer.start:
            site_part(answer.config)
            adapt_cache(answer.config)
            self.standby = "host" in (answer.config.get("standby_cluster") or {})
            self._begin = 0.0
            return True
        if answer is None and time.monotonic() - self._begin > PATIENCE_SECONDS and harmless():
            self._log("the site's agent is away: joins what runs")
            site_part({})
            self._begin = 0.0
            return True
        self._say("the site's agent does not say yet what this site is"
                  if answer is None or answer.role != "unconfirmed"
                  else "the site is unconfirmed")  # fmt: skip
        return False

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._log(f"waits: {text}")


def harmless() -> bool:
    """A primary runs here already, or the cluster's configuration lets none run."""
    if any(
        health.as_object(health.get(peer, "/patroni", 0.5)).get("role") == "primary"
        for peer in health.peers()
    ):
        return True
    try:
        config = health.as_object((keys.client().get(keys.key("config")) or "").encode())
    except EtcdError:
        return False
    return bool(config.get("standby_cluster"))


def adapt_cache(config: dict, file: Path = CACHE) -> None:
    """Patroni's copy says the role too: where etcd has lost its own, this one is written back."""
    try:
        cached = json.loads(file.read_text())
    except (OSError, ValueError):
        return
    if not isinstance(cached, dict):
        return
    kept = {name: value for name, value in cached.items() if name not in OWN}
    write_private(file, json.dumps({**kept, **config}))


def could_write(own: dict, config: Callable[[], dict]) -> bool:
    """Whether it is a primary, or may be promoted to one at any time."""
    if own.get("role") in ("primary", "master"):
        return True
    return own.get("role") == "replica" and not config().get("standby_cluster")


def watch(end: Callable[[], None], log: Callable[[str], None]) -> None:
    """Ends this member when it takes writes without permission; in a thread of its own."""
    if not agent():
        return
    gate = site_gate.Gate(agent())
    gate.start()

    def config() -> dict:
        return read("127.0.0.1", "/config")

    def run() -> None:
        while True:
            time.sleep(FENCE_SECONDS)
            with contextlib.suppress(PatroniError):
                if gate.over() and could_write(own_status(), config):
                    log("the site may take no writes any more, and this member could: ends at once")
                    end()
                    return

    threading.Thread(target=run, name="site-fence", daemon=True).start()
