"""Which address gives which answer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from . import api, assets, page
from .look import Site
from .metrics import Metrics
from .ranges import range_of

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
# Viewers at once; a look takes tens of milliseconds, so a tenth one waits for it, not for a slot.
AT_ONCE = 16
# A look has a deadline of 4 s and drawing takes milliseconds: later than this, something hangs.
HUNG_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    code: int
    kind: str
    body: bytes
    page: str
    """For the metrics: which kind of page it was."""
    kept: bool = False
    """Whether a browser may keep it."""


class Answers:
    """Everything that the port serves."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._metrics = Metrics()
        self._assets = assets.load()
        self._by_address = {one.address: one for one in self._assets.values()}
        self._addresses = {name: one.address for name, one in self._assets.items()}
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._busy: dict[int, float] = {}

    def of(self, target: str) -> Answer:
        """The answer to GET `target`; counted."""
        try:
            answer = self._find(target)
        except Exception as error:
            # A fault of this page: it goes to the log, and the viewer is not left without a word.
            print(f"holdfast-status: {type(error).__name__}: {error}", flush=True)
            answer = _text(500, "the status page has a fault: see its log\n", "other")
        self._metrics.count(answer.page, answer.code)
        return answer

    def healthy(self) -> bool:
        """Whether nobody has been waiting for a page for longer than any page takes."""
        oldest = min(list(self._busy.values()), default=None)
        return oldest is None or time.monotonic() - oldest < HUNG_SECONDS

    def _find(self, target: str) -> Answer:
        try:
            asked = urlsplit(target)
            query = parse_qs(asked.query)
        except ValueError:
            return _text(400, "that is no address\n", "other")
        if asked.path == "/healthz":
            healthy = self.healthy()
            return _text(200 if healthy else 503, "ok\n" if healthy else "hanging\n", "healthz")
        if asked.path == "/metrics":
            known = [one.source for one in self._site.sources()]
            text = self._metrics.text(known, self._site.look_seconds)
            return Answer(200, EXPOSITION, text.encode(), "metrics")
        if asked.path in self._by_address:
            asset = self._by_address[asked.path]
            return Answer(200, asset.kind, asset.body, "asset", kept=True)
        if asked.path in ("/", "/api/status.json"):
            return self._in_a_slot(asked.path, query)
        return _text(404, "there are /, /api/status.json, /metrics and /healthz\n", "other")

    def _in_a_slot(self, path: str, query: dict[str, list[str]]) -> Answer:
        name = "page" if path == "/" else "api"
        if not self._slots.acquire(blocking=False):
            return _text(503, "too many viewers at once; try again in a second\n", name)
        me = threading.get_ident()
        self._busy[me] = time.monotonic()
        try:
            return self._page(query) if path == "/" else self._api(query)
        finally:
            del self._busy[me]
            self._slots.release()

    def _page(self, query: dict[str, list[str]]) -> Answer:
        shown = range_of(query.get("range", [""])[0])
        refresh = query.get("refresh", [""])[0] != "off"
        found = self._site.overview()
        text = page.render(found, self._site.charts(shown), shown, self._addresses, refresh)
        return Answer(200, HTML, text.encode(), "page")

    def _api(self, query: dict[str, list[str]]) -> Answer:
        shown = range_of(query.get("range", [""])[0])
        text = api.render(self._site.overview(), self._site.charts(shown))
        return Answer(200, "application/json", text.encode(), "api")


def _text(code: int, words: str, name: str) -> Answer:
    return Answer(code, TEXT, words.encode(), name)
