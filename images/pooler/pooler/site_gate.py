"""Whether this site may take writes, asked of the site's agent (M29). Standard library alone.

The same file serves the postgres and the pooler image (a unit test keeps the copies equal). Without
HOLDFAST_SITE_AGENT there is one site, and it may.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

PORT = 9857
ANSWER_SECONDS = 1.0
POLL_SECONDS = 0.5
# After a "no": how long whoever takes writes may go on until it is ended by force. An orderly end
# takes less.
ORDERLY_SECONDS = 15.0


@dataclass(frozen=True)
class Answer:
    """start: a member may start. writes: now. seconds: for how long, None without an end.
    config: what Patroni's dynamic configuration says for the role."""

    role: str
    start: bool
    writes: bool
    seconds: float | None
    config: dict


@dataclass
class Permission:
    """How long writes are allowed, by this process' own clock. Pure; time is handed in."""

    until: float = 0.0
    allowed: bool = False
    asked: bool = False

    def heard(self, answer: Answer, sent: float) -> None:
        """Counted from when the question was sent: the answer was older than its arrival."""
        if answer.writes:
            self.allowed = True
            self.until = float("inf") if answer.seconds is None else sent + answer.seconds
        elif self.allowed or not self.asked:
            least = self.until if self.asked else float("inf")
            self.allowed = False
            self.until = min(least, sent + ORDERLY_SECONDS)
        self.asked = True

    def writes(self, now: float) -> bool:
        """No answer changes nothing, but for a permission that ends."""
        return self.allowed and now < self.until

    def over(self, now: float) -> bool:
        """Whoever takes writes must be ended."""
        return self.asked and now >= self.until


def ask(agent: str, port: int = PORT) -> Answer | None:
    """One question; None without a proper answer."""
    connection = http.client.HTTPConnection(agent, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/gate")
        response = connection.getresponse()
        body = json.loads(response.read())
        return parse(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def parse(body: object) -> Answer | None:
    """Pure."""
    if not isinstance(body, dict) or not isinstance(body.get("config"), dict):
        return None
    seconds = body.get("seconds")
    known = seconds is None or isinstance(seconds, int | float)
    if not known or not isinstance(body.get("writes"), bool):
        return None
    return Answer(
        role=str(body.get("role")),
        start=body.get("start") is True,
        writes=body["writes"],
        seconds=None if seconds is None else float(seconds),
        config=body["config"],
    )


class Gate:
    """Asks twice a second in a thread of its own, for as long as the program runs."""

    def __init__(
        self, agent: str, monotonic: Callable[[], float] = time.monotonic,
        asking: Callable[[str], Answer | None] = ask,
    ) -> None:  # fmt: skip
        self._agent, self._monotonic, self._asking = agent, monotonic, asking
        self._permission = Permission()
        self._lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._run, name="site-gate", daemon=True).start()

    def look(self) -> None:
        """Asks once."""
        sent = self._monotonic()
        answer = self._asking(self._agent)
        if answer is not None:
            with self._lock:
                self._permission.heard(answer, sent)

    def writes(self) -> bool:
        with self._lock:
            return self._permission.writes(self._monotonic())

    def over(self) -> bool:
        with self._lock:
            return self._permission.over(self._monotonic())

    def _run(self) -> None:
        while True:
            self.look()
            time.sleep(POLL_SECONDS)
