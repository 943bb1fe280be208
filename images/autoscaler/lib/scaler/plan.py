"""From a recommendation to the number of instances, with the reason. No I/O; time is handed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scaler.config import Config
from scaler.replicas import Measurement, Recommendation, Steps, Windows, recommend


@dataclass(frozen=True)
class Situation:
    """What bounds a decision, beside the measurements.

    running: instances whose container runs, ready or not. hold: why nothing may change now, or "".
    deploying: an `up` is at work, which takes instances away itself.
    """

    running: int
    pinned: int | None = None
    hold: str = ""
    deploying: bool = False


@dataclass(frozen=True)
class Plan:
    """instances: how many there should be. limit: what keeps it from what is wanted, or "".
    reason: the arithmetic, for people. held: why nothing was decided, or ""."""

    instances: int
    limit: str
    reason: str
    held: str = ""
    wanted: int | None = None


@dataclass
class Planner:
    """Decides, and remembers what the windows and the policies need."""

    windows: Windows = field(default_factory=Windows)
    steps: Steps = field(default_factory=Steps)
    # The plan before; None before the first.
    desired: int | None = None

    def decide(
        self, now: float, config: Config, seen: Situation, measurements: Sequence[Measurement]
    ) -> Plan:
        """The plan for now. Whatever is measured, the bounds hold."""
        current = self._current(config, seen)
        advice = recommend(current, measurements, config.tolerance)
        plan = self._plan(now, config, seen, current, advice)
        self.steps.changed(now, plan.instances - current)
        self.desired = plan.instances
        return plan

    def _current(self, config: Config, seen: Situation) -> int:
        """What was decided last; at the start what runs, so that a new autoscaler changes nothing."""
        base = seen.running if self.desired is None else self.desired
        return clamp(base, config)

    def _plan(
        self, now: float, config: Config, seen: Situation, current: int,
        advice: Recommendation | None,
    ) -> Plan:  # fmt: skip
        # Remembered even while something else decides: the windows are whole when it ends.
        stable = current
        if advice is not None:
            wanted = clamp(advice.instances, config)
            if seen.deploying:
                # As if traffic asked for it: what an update added goes a whole window after it, when
                # the new version has shown how much it bears.
                wanted = max(wanted, self._while_deploying(config, seen, current))
            stable = self.windows.stabilised(now, current, wanted, config.up, config.down)
        if seen.pinned is not None:
            pinned = clamp(seen.pinned, config)
            if seen.deploying:
                pinned = max(pinned, self._while_deploying(config, seen, current))
            return Plan(pinned, "pinned", f"pinned to {seen.pinned}", wanted=_wanted(advice))
        held = seen.hold or ("" if advice else "the edge says nothing: no measurements")
        if held and not (seen.deploying and not seen.hold):
            return Plan(current, "", held, held, _wanted(advice))
        plan = self._steps(now, config, current, stable, advice)
        if not seen.deploying:
            return plan
        least = self._while_deploying(config, seen, current)
        if plan.instances >= least:
            return plan
        return Plan(least, "deploy", f"an update is at work: {plan.reason}", wanted=plan.wanted)

    def _steps(
        self, now: float, config: Config, current: int, stable: int, advice: Recommendation | None
    ) -> Plan:
        if advice is None:
            return Plan(current, "", "no measurements")
        wanted, reason = advice.instances, str(advice)
        reachable, limit = stable, ""
        if stable > current:
            reachable = min(stable, max(current, self.steps.highest(now, current, config.up)))
        elif stable < current:
            reachable = max(stable, min(current, self.steps.lowest(now, current, config.down)))
        if reachable != stable:
            limit = "step"
        elif wanted > config.maximum and stable == config.maximum:
            limit = "maximum"
        elif wanted < config.minimum and stable == config.minimum:
            limit = "minimum"
        elif stable != clamp(wanted, config):
            limit = "window"
        return Plan(reachable, limit, reason, wanted=wanted)

    @staticmethod
    def _while_deploying(config: Config, seen: Situation, current: int) -> int:
        """One more than must run, since the update takes one away at a time, and none fewer than
        run now."""
        return clamp(max(config.minimum + 1, current, seen.running), config)


def _wanted(advice: Recommendation | None) -> int | None:
    return None if advice is None else advice.instances


def clamp(number: int, config: Config) -> int:
    """Within the bounds."""
    return max(config.minimum, min(config.maximum, number))
