"""What the page tells Prometheus about itself."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from .model import Source


class Metrics:
    """Counts answers; the rest is read when Prometheus asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, int]] = Counter()

    def count(self, page: str, code: int) -> None:
        """`page`: one of the few that there are, never what somebody typed."""
        with self._lock:
            self._answers[page, code] += 1

    def text(self, sources: Iterable[Source], look_seconds: float) -> str:
        """Prometheus' text format. The page looks when it is looked at: no viewer, no news."""
        known = list(sources)
        with self._lock:
            answers = sorted(self._answers.items())
        families = [
            (
                "requests_total",
                "counter",
                "Answers by page and status.",
                [(f'{{page="{page}", code="{code}"}}', value) for (page, code), value in answers],
            ),
            (
                "source_up",
                "gauge",
                "1 when the source answered the last look.",
                [
                    (_source(one), int(one.answered_at is not None and not one.error))
                    for one in known
                    if one.answered_at is not None or one.error
                ],
            ),
            (
                "source_answered_timestamp_seconds",
                "gauge",
                "When the source last answered.",
                [
                    (_source(one), f"{one.answered_at:.3f}")
                    for one in known
                    if one.answered_at is not None
                ],
            ),
            ("look_seconds", "gauge", "Duration of the last look.", [("", f"{look_seconds:.4f}")]),
        ]
        return "".join(_family(*family) for family in families)


def _source(one: Source) -> str:
    return f'{{source="{one.name.lower()}"}}'


def _family(name: str, kind: str, help: str, rows: list[tuple[str, object]]) -> str:
    head = f"# HELP holdfast_status_{name} {help}\n# TYPE holdfast_status_{name} {kind}\n"
    return head + "".join(f"holdfast_status_{name}{labels} {value}\n" for labels, value in rows)
