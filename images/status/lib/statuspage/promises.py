"""The objectives against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Objective, Proof, Repository
from .ranges import RANGES
from .samples import Series
from .settings import Objectives


def objectives(
    wanted: Objectives,
    repositories: Iterable[Repository],
    proofs: Iterable[Proof],
    led: Iterable[Series] | None,
    step: float,
) -> tuple[Objective, ...]:
    """`led`: whether anybody leads, every `step` seconds; None: Prometheus does not say."""
    losses = [
        Objective(
            f"Recovery point, repository {one.name}",
            "what a loss of the site would cost now",
            wanted.recovery_point_seconds,
            one.loss_seconds,
        )
        for one in repositories
    ]
    gap = None if led is None else longest_gap(led, step)
    time = Objective(
        "Recovery time",
        f"longest time without a leader, {RANGES[0].words}, looked at every {step:.0f} s",
        wanted.recovery_time_seconds,
        gap,
    )
    restores = [
        Objective(
            f"Restore, {one.kind}, repository {one.repository}",
            "from nothing to a server that answers, in the last proof; no objective of its own",
            None,
            one.rto_seconds,
        )
        for one in proofs
        if one.rto_seconds is not None
    ]
    return (*losses, time, *restores)


def longest_gap(led: Iterable[Series], step: float) -> float | None:
    """The longest stretch of points in a row at which nobody led, in seconds; None without points.

    Points that are missing say nothing of the database: Prometheus was away itself.
    """
    longest, current, previous, seen = 0.0, 0.0, None, False
    for one in led:
        for at, value in one.points:
            seen = True
            follows = previous is not None and at - previous <= 1.5 * step
            current = 0.0 if value > 0 else (current if follows else 0.0) + step
            longest, previous = max(longest, current), at
    return longest if seen else None
