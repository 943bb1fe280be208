"""The autoscaler's HTTP port: /metrics, /state for `holdfast-scale`, /healthz for Docker."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import http_port

PORT = 9856


@dataclass
class Metrics:
    """What the autoscaler tells about itself. One writer, the loop."""

    desired: int = 0
    running: int = 0
    ready: int = 0
    minimum: int = 0
    maximum: int = 0
    pinned: int | None = None
    deploying: bool = False
    wanted: int | None = None
    limit: str = ""
    held: str = ""
    reason: str = ""
    # name -> (total or None, target)
    measurements: dict[str, tuple[float | None, float]] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    failing: tuple[int, ...] = ()
    mends: int = 0
    mend_held: str = ""
    missing: tuple[int, ...] = ()
    sources: dict[str, bool] = field(
        default_factory=lambda: {"edge": False, "docker": False, "etcd": False}
    )
    last_look: float = 0.0

    def state(self) -> dict:
        """For `holdfast-scale` and the launcher."""
        return {
            "desired": self.desired,
            "running": self.running,
            "ready": self.ready,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "pinned": self.pinned,
            "deploying": self.deploying,
            "wanted": self.wanted,
            "limitedBy": self.limit or None,
            "held": self.held or None,
            "why": self.reason,
            "failing": [f"app-{number}" for number in self.failing],
            "missing": [f"app-{number}" for number in self.missing],
        }

    def text(self) -> str:
        """Prometheus' text format."""
        limits = ("maximum", "minimum", "step", "window", "pinned", "deploy")
        known = {name: pair for name, pair in self.measurements.items() if pair[0] is not None}
        families = [
            _one("desired_instances", "gauge", "Instances that should run.", self.desired),
            _one("running_instances", "gauge", "Instances whose container runs.", self.running),
            _one("ready_instances", "gauge", "Instances that the edge calls up.", self.ready),
            _one("minimum_instances", "gauge", "application.instances.min.", self.minimum),
            _one("maximum_instances", "gauge", "application.instances.max.", self.maximum),
            _one("pinned", "gauge", "1 while the number is pinned.", int(self.pinned is not None)),
            _one("deploying", "gauge", "1 while an update is at work.", int(self.deploying)),
            _one("holding", "gauge", "1 while nothing can be decided.", int(bool(self.held))),
            _one("failing_instances", "gauge", "Running without traffic for long.",
                 len(self.failing)),
            _one("missing_instances", "gauge", "Declared, without a container.",
                 len(self.missing)),
            _one("mends_total", "counter", "Failing instances started anew.", self.mends),
            _one("mending_held", "gauge", "1 while all instances fail at once.",
                 int(bool(self.mend_held))),
            _one("last_look_timestamp_seconds", "gauge",
                 "When the loop last turned; 0 for never.", f"{self.last_look:.3f}"),
            _many("metric_value", "gauge", "A measurement, over all instances.", "metric",
                  {name: round(value, 3) for name, (value, _) in known.items()}),
            _many("metric_target", "gauge", "What each instance should bear of it.", "metric",
                  {name: target for name, (_, target) in self.measurements.items()}),
            _many("limited_by", "gauge", "1 for what keeps the number from what is measured.",
                  "reason", {limit: int(limit == self.limit) for limit in limits}),
            _many("decisions_total", "counter", "Changes of the desired number.", "direction",
                  self.decisions),
            _many("source_up", "gauge", "1 when it answered the last look.", "source",
                  {name: int(up) for name, up in self.sources.items()}),
        ]  # fmt: skip
        if self.wanted is not None:
            families.append(
                _one("wanted_instances", "gauge", "What the measurements alone ask for.",
                     self.wanted)
            )  # fmt: skip
        return "".join(families)


def _head(name: str, kind: str, help: str) -> str:
    return f"# HELP holdfast_autoscaler_{name} {help}\n# TYPE holdfast_autoscaler_{name} {kind}\n"


def _one(name: str, kind: str, help: str, value: object) -> str:
    return f"{_head(name, kind, help)}holdfast_autoscaler_{name} {value}\n"


def _many(name: str, kind: str, help: str, label: str, values: Mapping[str, object]) -> str:
    rows = (
        f'holdfast_autoscaler_{name}{{{label}="{key}"}} {value}\n' for key, value in values.items()
    )
    return _head(name, kind, help) + "".join(rows)


def serve(metrics: Metrics, is_healthy: Callable[[], bool], port: int = PORT) -> int:
    """Serves in the background until the process ends. Returns the port (0 chooses one)."""
    pages = {
        "/metrics": lambda: (200, metrics.text(), http_port.TEXT),
        "/state": lambda: (200, json.dumps(metrics.state()) + "\n", "application/json"),
        "/healthz": http_port.health(is_healthy),
    }
    return http_port.serve(pages, port)
