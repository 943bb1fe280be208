"""Asks every member's Patroni, each in a thread of its own, so that none holds up another."""

import http.client
import json
import threading
import time
from collections.abc import Sequence

from pooler.looks import Look, answered, failed

PATRONI_PORT = 8008
# A healthy Patroni answers in milliseconds.
ANSWER_SECONDS = 1.0
# While all is well; after a failure; while a leader is sought; of an address nobody has.
CALM_SECONDS = 1.0
DOUBT_SECONDS = 0.25
URGENT_SECONDS = 0.1
ABSENT_SECONDS = 2.0
ABSENT_STRIKES = 8


class Watch:
    """Keeps the latest look of each address.

    changed: set after each look that differs in kind; whoever waits for it clears it.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._looks = {address: Look() for address in addresses}
        self._wake = {address: threading.Event() for address in addresses}
        self._urgent_until = 0.0
        self.changed = threading.Event()

    def start(self) -> None:
        """Begins to ask; the threads end with the program."""
        for address in self._looks:
            threading.Thread(target=self._run, args=(address,), daemon=True).start()

    def looks(self) -> dict[str, Look]:
        """The latest look of each."""
        with self._lock:
            return dict(self._looks)

    def look_at(self, address: str) -> Look:
        """Asks one now, in the caller's thread."""
        return self._ask(address)

    def _ask(self, address: str) -> Look:
        before = self._looks[address]
        look = ask(address, before)
        with self._lock:
            self._looks[address] = look
        if look.kind != before.kind or look.strikes or look.timeline != before.timeline:
            self.changed.set()
        return look

    def hurry(self, seconds: float) -> None:
        """Asks all of them ten times a second for a while: a leader is sought."""
        self._urgent_until = time.monotonic() + seconds
        for event in self._wake.values():
            event.set()

    def _run(self, address: str) -> None:
        while True:
            look = self._ask(address)
            wake = self._wake[address]
            wake.wait(self._pause(look))
            wake.clear()

    def _pause(self, look: Look) -> float:
        if time.monotonic() < self._urgent_until:
            # One that is absent costs an answer's whole time each round; it must not be forgotten.
            return URGENT_SECONDS
        if look.strikes >= ABSENT_STRIKES or (look.strikes and look.kept == "unknown"):
            return ABSENT_SECONDS
        return DOUBT_SECONDS if look.strikes else CALM_SECONDS


def ask(address: str, before: Look) -> Look:
    """One question. `GET /primary` answers 200 only for the holder of the lease."""
    connection = http.client.HTTPConnection(address, PATRONI_PORT, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/primary")
        response = connection.getresponse()
        body = json.loads(response.read())
    except ConnectionRefusedError:
        return failed(before, "refused", time.monotonic())
    except (OSError, http.client.HTTPException, ValueError):
        return failed(before, "silent", time.monotonic())
    finally:
        connection.close()
    return answered(before, response.status, body if isinstance(body, dict) else {},
                    time.monotonic())
