"""The guard's HTTP port: /metrics for Prometheus and /healthz for Docker's health check."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 9855


@dataclass
class Metrics:
    """What the guard tells about itself. One writer, the loop."""

    docker_up: bool = False
    etcd_up: bool = False
    releases: int = 0
    last_look: float = 0.0

    def text(self) -> str:
        """Prometheus' text format."""
        rows = [
            ("docker_up", "gauge", "1 when Docker answered the last look.", int(self.docker_up)),
            ("etcd_up", "gauge", "1 when etcd answered the last look.", int(self.etcd_up)),
            ("releases_total", "counter", "Leader's keys released.", self.releases),
            (
                "last_look_timestamp_seconds",
                "gauge",
                "When etcd and Docker last both answered; 0 for never.",
                f"{self.last_look:.3f}",
            ),
        ]
        return "".join(
            f"# HELP holdfast_guard_{name} {help}\n# TYPE holdfast_guard_{name} {kind}\n"
            f"holdfast_guard_{name} {value}\n"
            for name, kind, help, value in rows
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up early, as the health check does, is no news."""


def serve(metrics: Metrics, is_healthy: Callable[[], bool], port: int = PORT) -> int:
    """Serves in the background until the process ends. Returns the port (0 chooses one)."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # seconds that a caller may take

        def do_GET(self) -> None:  # noqa: N802
            if self.path == "/metrics":
                self._reply(200, metrics.text())
            elif self.path == "/healthz":
                healthy = is_healthy()
                self._reply(200 if healthy else 503, "turning\n" if healthy else "hanging\n")
            else:
                self._reply(404, "there are /metrics and /healthz\n")

        def _reply(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes and health checks are no news."""

    http = _Server(("0.0.0.0", port), Handler)
    threading.Thread(target=http.serve_forever, name="http", daemon=True).start()
    return http.server_address[1]
