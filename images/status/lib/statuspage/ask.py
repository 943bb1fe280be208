"""Asks Prometheus, Alertmanager and Patroni, all at once, until a common deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar
from urllib.parse import urlencode

from . import alerts, samples
from .fetch import Unanswered, get_json
from .model import Alert
from .ranges import end_of
from .samples import Sample, Series

# A look is over after this, whoever is still silent: a page that comes late is no page.
LOOK_SECONDS = 4.0
# For one question; the rest of a look is for the second try that Patroni gets.
QUESTION_SECONDS = 3.0
PATRONI_SECONDS = 1.0
# Prometheus runs 20 queries at a time by default, and rules and dashboards want theirs too.
AT_ONCE = 8

Answer = TypeVar("Answer")
Get = Callable[[str, str, float], Any]


def all_at_once(
    pool: ThreadPoolExecutor, questions: Mapping[str, Callable[[], Answer]], seconds: float
) -> dict[str, Answer | Unanswered]:
    """The answers by name; Unanswered for those that failed or were too late.

    An answer that nobody foresaw fails alone too: it must not blank the page.
    """
    asked = {name: pool.submit(question) for name, question in questions.items()}
    wait(asked.values(), timeout=seconds)
    found: dict[str, Answer | Unanswered] = {}
    for name, future in asked.items():
        if not future.done():
            future.cancel()
            found[name] = Unanswered(f"no answer within {seconds:.0f} s")
            continue
        error = future.exception()
        if error is None:
            found[name] = future.result()
        elif isinstance(error, Unanswered):
            found[name] = error
        else:
            found[name] = Unanswered(f"its answer is not understood ({type(error).__name__})")
    return found


class Prometheus:
    """Its HTTP API."""

    def __init__(self, address: str, get: Get = get_json) -> None:
        self._address, self._get = address, get

    def instant(self, expr: str) -> list[Sample]:
        query = urlencode({"query": expr, "timeout": f"{QUESTION_SECONDS:.0f}s"})
        return samples.samples(self._ask(f"/api/v1/query?{query}"))

    def range(self, expr: str, end: float, seconds: int, step: int) -> list[Series]:
        """Points whose places are the same at the next look, so that lines stand still."""
        end = end_of(end, step)
        query = urlencode(
            {
                "query": expr,
                "start": f"{end - seconds:.0f}",
                "end": f"{end:.0f}",
                "step": step,
                "timeout": f"{QUESTION_SECONDS:.0f}s",
            }
        )
        return samples.series(self._ask(f"/api/v1/query_range?{query}"))

    def alerts(self) -> tuple[Alert, ...]:
        return alerts.from_prometheus(self._ask("/api/v1/alerts"))

    def _ask(self, path: str) -> Any:
        return self._get(self._address, path, QUESTION_SECONDS)


def alertmanager(address: str, get: Get = get_json) -> tuple[Alert, ...]:
    """What it would tell people: without the silenced and the inhibited."""
    path = "/api/v2/alerts?active=true&silenced=false&inhibited=false"
    return alerts.from_alertmanager(get(address, path, QUESTION_SECONDS))


class Patroni:
    """The members' REST API: reading calls, which need no password.

    Any member knows all of the cluster. The addresses are all that there may ever be, so the one
    that answered last is asked first, and the others, all together, only when it is silent.
    """

    def __init__(self, addresses: tuple[str, ...], get: Get = get_json) -> None:
        self._addresses, self._get = addresses, get
        self._last: str | None = None

    def cluster(self) -> tuple[Any, Any]:
        """The answers to GET /cluster and GET /history (None without one). Raises Unanswered."""
        if self._last is not None:
            try:
                return self._of(self._last)
            except Unanswered:
                self._last = None
        with ThreadPoolExecutor(max_workers=len(self._addresses)) as pool:
            found = all_at_once(
                pool,
                {one: (lambda one=one: self._of(one)) for one in self._addresses},
                PATRONI_SECONDS + 0.5,
            )
        for address, answer in found.items():
            if not isinstance(answer, Unanswered):
                self._last = address
                return answer
        raise Unanswered("no member answers")

    def _of(self, address: str) -> tuple[Any, Any]:
        deadline = time.monotonic() + PATRONI_SECONDS
        cluster = self._get(address, "/cluster", PATRONI_SECONDS)
        if not isinstance(cluster, dict) or not isinstance(cluster.get("members"), list):
            raise Unanswered("answers no list of members")
        try:
            left = max(0.1, deadline - time.monotonic())
            return cluster, self._get(address, "/history", left)
        except Unanswered:
            return cluster, None
