"""The guard's HTTP port: /metrics for Prometheus and /healthz for Docker's health check."""

from collections.abc import Callable
from dataclasses import dataclass

import http_port

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


def serve(metrics: Metrics, is_healthy: Callable[[], bool], port: int = PORT) -> int:
    """Serves in the background until the process ends. Returns the port (0 chooses one)."""
    pages = {
        "/metrics": lambda: (200, metrics.text(), http_port.TEXT),
        "/healthz": http_port.health(is_healthy),
    }
    return http_port.serve(pages, port)
