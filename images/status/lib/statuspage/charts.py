"""What a chart shows, before it is drawn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .database import in_order
from .fetch import Unanswered
from .queries import ChartSpec, Question
from .ranges import Range, end_of
from .settings import Objectives

# More lines than that nobody tells apart; the largest are shown.
MAX_LINES = 6


@dataclass(frozen=True)
class Line:
    """One line: (seconds since the epoch, value), oldest first, gaps left out."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        return self.points[-1][1]


@dataclass(frozen=True)
class Chart:
    """`begin` and `end`: of its time axis. `limit`: a line for the objective."""

    key: str
    title: str
    unit: str
    begin: float
    end: float
    step: int
    lines: tuple[Line, ...] = ()
    more: int = 0
    """Lines that were left out."""
    limit: float | None = None
    error: str = ""


def chart(
    spec: ChartSpec,
    found: Mapping[tuple[str, str, int], Any],
    shown: Range,
    now: float,
    wanted: Objectives,
) -> Chart:
    """`found`: answers by chart, `questions` or `otherwise`, and number."""
    error = ""
    lines: list[Line] = []
    for part, questions in (("questions", spec.questions), ("otherwise", spec.otherwise)):
        for number, asked in enumerate(questions):
            answer = found[spec.key, part, number]
            if isinstance(answer, Unanswered):
                error = error or str(answer)
                continue
            lines += [_line(asked, one.labels, one.points) for one in answer if one.points]
        if lines:
            break
    lines.sort(key=lambda line: in_order(line.name) if spec.questions[0].label else ("", 0))
    kept = lines
    if len(lines) > MAX_LINES:
        largest = sorted(lines, key=lambda line: -max(value for _, value in line.points))
        kept = [line for line in lines if line in largest[:MAX_LINES]]
    end = end_of(now, shown.step)
    return Chart(
        spec.key,
        spec.title,
        spec.unit,
        end - shown.seconds,
        end,
        shown.step,
        tuple(kept),
        len(lines) - len(kept),
        getattr(wanted, spec.objective) if spec.objective else None,
        error if not kept else "",
    )


def _line(
    asked: Question, labels: Mapping[str, str], points: tuple[tuple[float, float], ...]
) -> Line:
    return Line(asked.name or labels.get(asked.label, ""), points)
