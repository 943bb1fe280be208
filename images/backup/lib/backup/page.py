"""The HTTP server of /metrics. Facts are gathered on request, costly ones once in a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import certificates, cluster, metrics, paths, pgbackrest, retention, schedule, state
from .errors import BackupError
from .settings import Settings

PORT = 9854
REPOSITORY_SECONDS = 30
CERTIFICATE_SECONDS = 600


class Cached:
    """Remembers an answer for a while. An error keeps the old answer: a gap is not a zero."""

    def __init__(self, seconds: float, empty: Any) -> None:
        self._seconds = seconds
        self._answer = empty
        self._until = 0.0
        self._lock = threading.Lock()

    def get(self, ask: Callable[[], Any]) -> Any:
        with self._lock:
            if time.monotonic() >= self._until:
                self._until = time.monotonic() + self._seconds
                try:
                    self._answer = ask()
                except (BackupError, OSError, ValueError, KeyError):
                    pass
            return self._answer


class Page:
    """Gathers the facts and renders them."""

    def __init__(
        self, settings: Callable[[], tuple[Settings | None, bool]], previous: schedule.Previous
    ) -> None:
        self._settings = settings
        self._previous = previous
        self._taken = Cached(REPOSITORY_SECONDS, [])
        self._certificates = Cached(CERTIFICATE_SECONDS, {})

    def render(self) -> str:
        facts = metrics.Facts(
            state=state.load(paths.STATE),
            running=state.running(paths.LOCK),
            dumps=_dumps(),
        )
        facts.volume_bytes, facts.volume_free_bytes = metrics.volume(paths.REPOSITORY)
        settings, facts.settings_valid = self._settings()
        if settings is not None:
            self._add(facts, settings)
        return metrics.render(facts)

    def _add(self, facts: metrics.Facts, settings: Settings) -> None:
        now = time.time()
        facts.due = {
            "physical": schedule.physical_due(facts.state, settings.physical, now, self._previous),
            "logical": schedule.logical_due(facts.state, settings.logical, now, self._previous),
        }
        facts.base_backups = self._taken.get(
            lambda: pgbackrest.base_backups(pgbackrest.info(settings))
        )
        facts.last_push = pgbackrest.last_push(settings.stanza)
        facts.certificates = self._certificates.get(
            lambda: certificates.ends(cluster.members(settings.nodes))
        )


def serve(page: Page) -> None:
    """Answers GET /metrics on PORT in threads of its own; returns at once."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802  (the name is the library's)
            if self.path != "/metrics":
                self.send_error(404)
                return
            body = page.render().encode()
            self.send_response(200)
            self.send_header("Content-Type", metrics.CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """A line per scrape would bury the lines that matter."""

    server = ThreadingHTTPServer(("", PORT), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def _dumps() -> int:
    if not paths.DUMPS.is_dir():
        return 0
    return sum(1 for path in paths.DUMPS.iterdir() if retention.LABEL.match(path.name))
