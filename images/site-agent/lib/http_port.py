"""A small HTTP port for metrics and health, served beside a loop.

The same file serves the guard and the autoscaler (a unit test keeps the copies equal): build
contexts are one folder an image.
"""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What Prometheus wants; a browser shows it all the same.
TEXT = "text/plain; version=0.0.4; charset=utf-8"

# Path -> status, text and its type.
Pages = Mapping[str, Callable[[], tuple[int, str, str]]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up early, as the health check does, is no news."""


def health(is_healthy: Callable[[], bool]) -> Callable[[], tuple[int, str, str]]:
    """The page for Docker's health check."""

    def page() -> tuple[int, str, str]:
        return (200, "turning\n", TEXT) if is_healthy() else (503, "hanging\n", TEXT)

    return page


def serve(pages: Pages, port: int) -> int:
    """Serves in the background until the process ends. Returns the port (0 chooses one)."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # seconds that a caller may take

        def do_GET(self) -> None:  # noqa: N802
            page = pages.get(self.path)
            names = ", ".join(pages)
            status, text, kind = page() if page else (404, f"there are {names}\n", TEXT)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes and health checks are no news."""

    http = _Server(("0.0.0.0", port), Handler)
    threading.Thread(target=http.serve_forever, name="http", daemon=True).start()
    return http.server_address[1]
