"""How many instances there should be: the arithmetic of Kubernetes' HorizontalPodAutoscaler, as its
documentation describes it. No I/O, no clock: measurements and times are handed in.

A measurement is a total (requests a second at the edge), a target is one instance's share:

    wanted = ceil(total / target), the highest of all measurements
    unchanged while total / (target x instances) is within 1 +- tolerance

The total is counted where requests arrive, so instances that are still starting cannot distort it:
they are in the denominator already, as if they took no load (HPA's rule for pods not yet ready).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

# Rounding of floats must not make 2.0000000001 of 2 instances a third one.
EPSILON = 1e-9


@dataclass(frozen=True)
class Measurement:
    """One metric now. total: over all instances, None when nobody knows. target: of each."""

    name: str
    total: float | None
    target: float


@dataclass(frozen=True)
class Share:
    """What one measurement asks for; `wanted` is None when it is missing."""

    measurement: Measurement
    wanted: int | None

    def __str__(self) -> str:
        name, total, target = (
            self.measurement.name, self.measurement.total, self.measurement.target,
        )  # fmt: skip
        if total is None:
            return f"{name} unknown"
        return f"{name} {total:.1f} / {target:g} = {total / target:.2f}"


@dataclass(frozen=True)
class Recommendation:
    """What the measurements alone ask for, before windows, steps and bounds."""

    instances: int
    shares: tuple[Share, ...]

    def __str__(self) -> str:
        return ", ".join(str(share) for share in self.shares)


def share_of(measurement: Measurement, current: int, tolerance: float) -> Share:
    """HPA's ratio for one measurement."""
    if measurement.total is None:
        return Share(measurement, None)
    ratio = measurement.total / (measurement.target * max(1, current))
    if abs(ratio - 1) <= tolerance + EPSILON:
        return Share(measurement, current)
    return Share(measurement, math.ceil(measurement.total / measurement.target - EPSILON))


def recommend(
    current: int, measurements: Iterable[Measurement], tolerance: float
) -> Recommendation | None:
    """The highest share; None when every measurement is missing: then nothing is known.

    With some of them missing the rest may add instances, and not take any away.
    """
    shares = tuple(share_of(one, current, tolerance) for one in measurements)
    known = [share.wanted for share in shares if share.wanted is not None]
    if not known:
        return None
    wanted = max(known)
    if len(known) < len(shares):
        wanted = max(wanted, current)
    return Recommendation(wanted, shares)


@dataclass(frozen=True)
class Policy:
    """How much may change within `period` seconds: `amount` instances, or per cent of them."""

    kind: str  # "instances" or "percent"
    amount: int
    period: float


@dataclass(frozen=True)
class Rules:
    """One direction: a window in seconds, and policies of which the most generous counts."""

    window: float
    policies: tuple[Policy, ...]


@dataclass
class Windows:
    """Recommendations of the past. Up goes to the lowest of the up window, down to the highest of
    the down window: so a dip shorter than the window takes no instance away.

    What is not remembered counts as what runs now. So after a restart, or a time without
    measurements longer than `gap` seconds, a whole down window passes before the first instance
    is taken away.
    """

    gap: float = 15.0
    _past: list[tuple[float, int]] = field(default_factory=list)

    def stabilised(self, now: float, current: int, wanted: int, up: Rules, down: Rules) -> int:
        """Remembers `wanted` and returns what the windows make of it."""
        if not self._past or now - self._past[-1][0] > self.gap:
            self._past.append((now, current))
        longest = max(up.window, down.window)
        self._past = [(at, past) for at, past in self._past if now - at <= longest + EPSILON]
        self._past.append((now, wanted))
        lowest = min(past for at, past in self._past if now - at <= up.window + EPSILON)
        highest = max(past for at, past in self._past if now - at <= down.window + EPSILON)
        # The seed is what runs, so an up window of 0 s must not see it: it looks at now alone.
        if up.window <= 0:
            lowest = wanted
        return max(lowest, current) if wanted > current else min(current, max(highest, wanted))


@dataclass
class Steps:
    """Changes of the past, for the policies."""

    _changes: list[tuple[float, int]] = field(default_factory=list)

    def changed(self, now: float, delta: int) -> None:
        if delta != 0:
            self._changes.append((now, delta))
        self._changes = self._changes[-200:]

    def highest(self, now: float, current: int, rules: Rules) -> int:
        """The most instances that the policies for up allow now."""
        return max(self._reach(now, current, policy, 1) for policy in rules.policies)

    def lowest(self, now: float, current: int, rules: Rules) -> int:
        """The fewest that the policies for down allow now."""
        return min(self._reach(now, current, policy, -1) for policy in rules.policies)

    def _reach(self, now: float, current: int, policy: Policy, sign: int) -> int:
        recent = [
            delta for at, delta in self._changes
            if now - at < policy.period - EPSILON and delta * sign > 0
        ]  # fmt: skip
        begin = current - sum(recent)
        if policy.kind == "instances":
            return begin + sign * policy.amount
        change = begin * policy.amount / 100
        return math.ceil(begin + change) if sign > 0 else math.floor(begin - change)
