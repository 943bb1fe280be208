"""Prometheus' answers as values: samples of one instant, and series over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .fetch import Unanswered


@dataclass(frozen=True)
class Sample:
    """One value with its labels; its metric is the label `__name__`."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Series:
    """Values over time, (seconds since the epoch, value), oldest first; gaps are missing points."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


def samples(body: Any) -> list[Sample]:
    """An instant query's answer. What is not a number is left out: PromQL's way to say nothing."""
    return _checked(
        lambda: [
            Sample(_labels(entry), float(entry["value"][1]))
            for entry in _result(body, "vector")
            if math.isfinite(float(entry["value"][1]))
        ]
    )


def series(body: Any) -> list[Series]:
    """A range query's answer."""
    return _checked(
        lambda: [
            Series(
                _labels(entry),
                tuple(
                    (float(at), float(value))
                    for at, value in entry["values"]
                    if math.isfinite(float(value))
                ),
            )
            for entry in _result(body, "matrix")
        ]
    )


def _checked(read: Any) -> Any:
    try:
        return read()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Unanswered("answers something else than a query's result") from error


def _result(body: Any, kind: str) -> list[Any]:
    if body["status"] != "success" or body["data"]["resultType"] != kind:
        raise ValueError(kind)
    return list(body["data"]["result"])


def _labels(entry: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in entry["metric"].items()}


def pick(found: Iterable[Sample], metric: str, **labels: str) -> list[Sample]:
    """Those of one metric that carry these labels."""
    return [
        one
        for one in found
        if one.labels.get("__name__") == metric
        and all(one.labels.get(name) == value for name, value in labels.items())
    ]


def value_of(found: Iterable[Sample], metric: str, **labels: str) -> float | None:
    """The first value of a metric with these labels; None where there is none."""
    return next((one.value for one in pick(found, metric, **labels)), None)


def by_label(found: Iterable[Sample], label: str) -> dict[str, float]:
    """Values by one label; samples without it are left out."""
    return {one.labels[label]: one.value for one in found if label in one.labels}
