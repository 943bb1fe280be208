"""Visitors of the shop: each orders, and reads its orders in the next request."""

import http.client
import re
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from dataclasses import dataclass, field

CALL_SECONDS = 45  # above the edge's own limit
ORDERS_PER_VISITOR = 8  # then the session goes on as a new visitor: the list stays one page
GUEST_EVERY = 5  # pairs between two visits of somebody who wrote nothing
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
QUANTITY = re.compile(r'name="(quantity-\d+)"')
ORDER = re.compile(r"/orders/(\d+)/")


class Failed(Exception):
    """An answer that nobody asked for."""


@dataclass
class Tally:
    """What all sessions saw. Milliseconds in lists."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    begun: int = 0
    pairs: int = 0
    stale: list[str] = field(default_factory=list)
    failed: Counter = field(default_factory=Counter)
    roles: dict[str, Counter] = field(default_factory=dict)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    def note(self, what: str, milliseconds: float, role: str | None = None) -> None:
        with self.lock:
            self.milliseconds.setdefault(what, []).append(milliseconds)
            if role is not None:
                self.roles.setdefault(what, Counter())[role] += 1
                self.milliseconds.setdefault(f"{what}, {role}", []).append(milliseconds)


class Visitor:
    """A browser: one connection, its cookies."""

    def __init__(self, edge: tuple[str, int]) -> None:
        self.edge = edge
        self._connection = http.client.HTTPConnection(*edge, timeout=CALL_SECONDS)
        self._cookies: dict[str, str] = {}
        self.orders: set[str] = set()

    def ask(self, method: str, path: str, form: dict[str, str] | None = None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.monotonic()
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{method} {type(error).__name__}") from None
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return answer, text, (time.monotonic() - began) * 1000

    def get(self, path: str, tally: Tally, what: str) -> str:
        answer, text, milliseconds = self.ask("GET", path)
        role = answer.headers.get("X-Database-Role")
        if answer.status != 200 or role is None:
            raise Failed(f"GET {answer.status}" + ("" if role else " without X-Database-Role"))
        tally.note(what, milliseconds, role)
        return text

    def open(self, tally: Tally) -> None:
        """The front page: what the form needs."""
        page = self.get("/", tally, "front page, wrote nothing")
        token, product = CSRF.search(page), QUANTITY.search(page)
        if token is None or product is None:
            raise Failed("the front page has no order form")
        self._form = {"csrfmiddlewaretoken": token[1], product[1]: "1"}

    def order(self, name: str, tally: Tally) -> str:
        form = self._form | {"name": name, "key": str(uuid.uuid4())}
        answer, _, milliseconds = self.ask("POST", "/", form)
        made = ORDER.search(answer.headers.get("Location") or "")
        if answer.status != 302 or made is None:
            raise Failed(f"POST {answer.status}")
        tally.note("order", milliseconds)
        self.orders.add(made[1])
        return made[1]

    def close(self) -> None:
        self._connection.close()


def _session(edge: tuple[str, int], pairs: int, end: float, name: str, tally: Tally) -> None:
    visitor: Visitor | None = None
    while time.monotonic() < end:
        with tally.lock:
            if tally.begun >= pairs:
                break
            tally.begun += 1
        try:
            if visitor is None or len(visitor.orders) >= ORDERS_PER_VISITOR:
                if visitor is not None:
                    visitor.close()
                visitor = Visitor(edge)
                visitor.open(tally)
            _pair(visitor, name, tally)
        except Failed as failed:
            with tally.lock:
                tally.failed[str(failed)] += 1
                tally.begun -= 1
            if visitor is not None:
                visitor.close()
            visitor = None
            time.sleep(0.5)
    if visitor is not None:
        visitor.close()


def _pair(visitor: Visitor, name: str, tally: Tally) -> None:
    made = visitor.order(name, tally)
    listed = set(ORDER.findall(visitor.get("/orders/", tally, "my orders")))
    missing = visitor.orders - listed
    with tally.lock:
        tally.pairs += 1
        if missing:
            tally.stale.append(f"orders {', '.join(sorted(missing))} were not in the list")
        guest = tally.pairs % GUEST_EVERY == 0
    if guest:
        visitor.get(f"/orders/{made}/", tally, "the order")  # 404 would be a failure
        stranger = Visitor(visitor.edge)
        try:
            stranger.get("/", tally, "front page, wrote nothing")
        finally:
            stranger.close()


def run(
    edge: tuple[str, int], sessions: int, pairs: int, seconds: int, name: str
) -> dict[str, object]:
    """All sessions at once, until `pairs` pairs were made or `seconds` are over."""
    tally, began = Tally(), time.monotonic()
    arguments = (edge, pairs, began + seconds, name, tally)
    threads = [threading.Thread(target=_session, args=arguments, daemon=True) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "pairs": tally.pairs,
        "stale": len(tally.stale),
        "staleExamples": tally.stale[:5],
        "failed": dict(tally.failed),
        "seconds": round(time.monotonic() - began, 1),
        "roles": {what: dict(roles) for what, roles in tally.roles.items()},
        "milliseconds": {what: _percentiles(found) for what, found in tally.milliseconds.items()},
    }


def _percentiles(found: list[float]) -> dict[str, float]:
    found = sorted(found)
    at = lambda share: round(found[min(len(found) - 1, int(share * len(found)))], 1)  # noqa: E731
    return {"n": len(found), "p50": at(0.5), "p95": at(0.95), "max": round(found[-1], 1)}
