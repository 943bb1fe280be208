"""The HTTP server of /metrics. What takes its time is asked beforehand, each source by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from engine import CLOUD, LOCAL
from report import archive, records, remembered, sources
from report.facts import Facts
from report.gather import Said, add
from report.inventory import Questions
from report.watch import Remembered, Watch

from . import certificates, cluster, metrics, paths, schedule, state
from .settings import Settings

PORT = 9854
LOCAL_SECONDS = 30.0
# A few requests to the bucket each time: some 10,000 a day at this rhythm.
CLOUD_SECONDS = 60.0
CERTIFICATE_SECONDS = 600.0
# Everything else is on the volume: one that hangs must not hang the scrape.
RENDER_SECONDS = 1.5


class Page:
    """Gathers the facts and renders them."""

    def __init__(
        self, settings: Callable[[], tuple[Settings | None, bool]], previous: schedule.Previous
    ) -> None:
        self._settings = settings
        self._previous = previous
        self._drills = sources.Drills()
        self._watches = {
            name: Watch(name, seconds, self._asking(name), sources.INVENTORIES, _changed)
            for name, seconds in ((LOCAL, LOCAL_SECONDS), (CLOUD, CLOUD_SECONDS))
        }
        self._certificates: Remembered[dict[str, float]] = Remembered(
            "certificates", CERTIFICATE_SECONDS, self._ask_certificates, {}
        )

    def start(self) -> None:
        """Begins to ask in the background."""
        for watch in (*self._watches.values(), self._certificates):
            watch.start()

    def render(self) -> str:
        """The page, from what is known at this moment."""
        now = time.time()
        known = state.load(paths.STATE)
        facts = Facts(
            created=known.created,
            running=state.running(paths.LOCK) is not None,
            runs=remembered.runs(known),
            drill_alive=sources.alive(),
            certificates=self._certificates.answer,
        )
        facts.volume_bytes, facts.volume_free_bytes = metrics.volume(paths.REPOSITORY)
        settings, facts.settings_valid = self._settings()
        proofs = self._drills.proofs()
        said = Said(
            now=now,
            repositories=settings.repositories if settings else (),
            inventories={
                name: watch.inventory
                for name, watch in self._watches.items()
                if watch.inventory is not None
            },
            report=archive.load(paths.ARCHIVE_FACTS),
            proofs=proofs,
            condemned=records.condemned(sources.owed()) | remembered.damaged(known),
            stanzas=remembered.stanzas(known),
        )
        add(facts, said)
        if settings is not None:
            facts.due = schedule.due(known, settings, now, self._previous)
        return metrics.render(facts)

    def _asking(self, repository: str) -> Callable[[], Questions | None]:
        def questions() -> Questions | None:
            settings = self._settings()[0]
            if settings is None or repository not in settings.repositories:
                return None
            return sources.questions(settings, repository)

        return questions

    def _ask_certificates(self) -> dict[str, float]:
        settings = self._settings()[0]
        if settings is None:
            return {}
        return certificates.ends(cluster.members(settings.nodes), settings.cloud)


def serve(page: Page) -> None:
    """Answers GET /metrics on PORT in threads of its own; returns at once."""
    renderer = ThreadPoolExecutor(max_workers=4, thread_name_prefix="page")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802  (the name is the library's)
            if self.path != "/metrics":
                self.send_error(404)
                return
            rendered = renderer.submit(page.render)
            try:
                body = rendered.result(RENDER_SECONDS).encode()
            except TookTooLong:
                # Prometheus then sees a target that is down, which is what it is.
                rendered.cancel()
                self.send_error(503, "the repository's volume does not answer")
                return
            self.send_response(200)
            self.send_header("Content-Type", metrics.CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """A line per scrape would bury the lines that matter."""

    page.start()
    server = ThreadingHTTPServer(("", PORT), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def _changed() -> object:
    """Differs after each run: what it left is listed at once."""
    try:
        return paths.STATE.stat().st_mtime_ns
    except OSError:
        return None
