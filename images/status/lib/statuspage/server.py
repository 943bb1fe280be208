"""The HTTP port: GET and HEAD, nothing else, with the headers that keep a page harmless."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .answers import Answers

PORT = 8081
# A caller may take so long over one request, and stay so long without another.
CALLER_SECONDS = 10
# Nothing from elsewhere, nothing inline, in nobody's frame.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A page is a few requests at once, and many people look when something is wrong.
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who hangs up is no news; a fault of ours is."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            print(f"holdfast-status: {type(error).__name__}: {error}", flush=True)


def bind(answers: Answers, port: int = PORT, address: str = "0.0.0.0") -> ThreadingHTTPServer:
    """Listens; `serve_forever` serves. Port 0 chooses one."""

    class Handler(BaseHTTPRequestHandler):
        timeout = CALLER_SECONDS
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "holdfast-status", ""

        def do_GET(self) -> None:  # noqa: N802
            self._reply(with_body=True)

        def do_HEAD(self) -> None:  # noqa: N802
            self._reply(with_body=False)

        def _reply(self, with_body: bool) -> None:
            answer = answers.of(self.path)
            self.send_response(answer.code)
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            kept = "public, max-age=31536000, immutable" if answer.kept else "no-store"
            self.send_header("Cache-Control", kept)
            self.end_headers()
            if with_body:
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Viewers and health checks are no news."""

    return _Server((address, port), Handler)
