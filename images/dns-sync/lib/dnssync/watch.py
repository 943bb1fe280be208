"""The container's long life: asks what the public names answer, and serves that to Prometheus."""

import subprocess
import threading
import time
from collections.abc import Callable

import http_port

from dnssync import answers, facts
from dnssync.follow import Follower, takes_writes
from dnssync.metrics import exposition
from dnssync.verdict import agreed

PORT = 9857
LOOK_SECONDS = 5.0
# Longer than the longest honest look: four servers silent to two names, two questions each; or a flip.
HEALTHY_SECONDS = 60.0
FLIP_SECONDS = 45.0


class Watcher:
    """Looks every 5 s; a look that fails leaves the series empty, which is an alert of its own."""

    def __init__(self, site: str, say: Callable[[str], None]) -> None:
        self._site = site
        self._say = say
        self._text = ""
        self._turned = time.monotonic()
        self._last = ""
        self._follower = Follower()

    def run(self, stopped: threading.Event, port: int = PORT) -> None:
        http_port.serve(
            {
                "/metrics": lambda: (200, self._text, http_port.TEXT),
                "/healthz": http_port.health(self._is_healthy),
            },
            port,
        )
        while not stopped.is_set():
            self._look()
            self._turned = time.monotonic()
            stopped.wait(LOOK_SECONDS)

    def _is_healthy(self) -> bool:
        return time.monotonic() - self._turned < HEALTHY_SECONDS

    def _look(self) -> None:
        try:
            known = facts.read()
        except facts.FactsError as error:
            self._text = ""
            self._news(str(error))
            return
        seen = answers.ask(known)
        self._text = exposition(known, self._site, seen, time.time())
        site = agreed(known, seen)
        answered = ", ".join(f"{one.name} {one.status} {' '.join(one.addresses)}" for one in seen)
        self._news(f"the names point to site {site}" if site else f"no site's: {answered}")
        if known.follow is not None:
            writes = takes_writes(known.follow)
            if self._follower.heard(writes, site == self._site):
                self._flip()

    def _flip(self) -> None:
        """In a process of its own: octoDNS' memory goes with it."""
        self._say(f"site {self._site} takes writes: the names follow")
        command = ["holdfast-dns", "flip", self._site]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=FLIP_SECONDS)
            self._say(done.stdout.strip() or done.stderr.strip())
        except (OSError, subprocess.TimeoutExpired) as error:
            self._say(f"the names could not be moved: {error}")

    def _news(self, text: str) -> None:
        """Only what changed."""
        if text != self._last:
            self._say(text)
            self._last = text
