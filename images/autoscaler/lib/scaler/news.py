"""What the autoscaler says in its log and in its metrics: what changed, and why."""

from collections.abc import Callable
from dataclasses import dataclass, field

from scaler.config import Config
from scaler.exposition import Metrics
from scaler.plan import Plan, Situation
from scaler.replicas import Measurement

# The same decision is repeated in the log this often, so that it shows what was measured.
REPEAT_SECONDS = 300.0


@dataclass
class News:
    """Writes one line when something changes, and few when nothing does."""

    metrics: Metrics
    say: Callable[[str], None]
    _said: dict[str, tuple[float, str]] = field(default_factory=dict)

    def changed(self, now: float, about: str, text: str) -> None:
        """Says what changed: an empty text is "well again". Numbers in it may change unsaid."""
        _, before = self._said.get(about, (now, ""))
        if bool(text) == bool(before):
            return
        self._said[about] = (now, text)
        self.say(text or f"{about} is well again")

    def plan(
        self, now: float, config: Config, plan: Plan, seen: Situation, before: int | None,
        measured: tuple[Measurement, ...],
    ) -> None:  # fmt: skip
        """The decision with its arithmetic. `before`: the number until now, None for none."""
        metrics = self.metrics
        metrics.minimum, metrics.maximum = config.minimum, config.maximum
        metrics.desired, metrics.wanted = plan.instances, plan.wanted
        metrics.limit, metrics.held, metrics.reason = plan.limit, plan.held, plan.reason
        metrics.pinned, metrics.deploying = seen.pinned, seen.deploying
        metrics.measurements = {one.name: (one.total, one.target) for one in measured}
        limited = f", limited by {plan.limit}" if plan.limit else ""
        line = f"{plan.reason}{limited}"
        if before is not None and plan.instances != before:
            metrics.decisions["up" if plan.instances > before else "down"] += 1
            self.say(f"{before} -> {plan.instances}: {line}")
            self._said["plan"] = (now, _kind(plan))
            return
        at, kind = self._said.get("plan", (float("-inf"), ""))
        if kind != _kind(plan) or now - at >= REPEAT_SECONDS:
            self._said["plan"] = (now, _kind(plan))
            self.say(f"{'holding' if plan.held else 'staying'} at {plan.instances}: {line}")

    def missing(self, now: float, numbers: list[int], deploying: bool) -> None:
        """Declared instances without a container; during an update they are on their way."""
        self.metrics.missing = tuple(numbers)
        names = ", ".join(f"app-{number}" for number in numbers)
        news = f"no container of {names}: ./holdfast up makes it" if numbers else ""
        if not deploying:
            self.changed(now, "missing", news)


def _kind(plan: Plan) -> str:
    """What makes two plans the same news: what was measured is none, nor that it is little."""
    limit = plan.limit if plan.limit in ("maximum", "pinned", "deploy") else ""
    return f"{plan.instances} {limit} {plan.held}"
