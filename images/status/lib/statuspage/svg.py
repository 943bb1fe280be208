"""Charts as inline SVG: drawn here, so that they need neither JavaScript nor another request."""

from __future__ import annotations

import math
import time

from . import words
from .charts import Chart, Line
from .html import Safe, tag

# As wide as a chart is on a desk, in CSS pixels, so that its text is as large as the style says.
WIDTH, HEIGHT = 290, 140
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 20, 22
# A point further than this many steps from the one before is behind a gap.
GAP_STEPS = 1.5
_DAY = 86_400


def draw(chart: Chart) -> Safe:
    """The picture with a text of its own for those who do not see it."""
    top = ceiling(max(_values(chart), default=0.0), chart.unit)
    name = f"chart-{chart.key}"
    return tag(
        "svg",
        tag("title", _in_words(chart), id=name),
        _grid(chart, top),
        [_draw_line(chart, line, number, top) for number, line in enumerate(chart.lines)],
        _limit(chart, top),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby=name,
        class_="chart",
    )


def ceiling(highest: float, unit: str) -> float:
    """The next round number: 1, 2 or 5 times a power of ten, of two for bytes; 1 at least."""
    if highest <= 0:
        return 1024.0 if unit == "bytes" else 1.0
    if unit == "bytes":
        return max(1024.0, 2.0 ** math.ceil(math.log2(highest)))
    if unit == "" and highest < 4:
        return float(math.ceil(highest) + 1)
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * power >= highest)


def _values(chart: Chart) -> list[float]:
    limit = [] if chart.limit is None else [chart.limit]
    return [value for line in chart.lines for _, value in line.points] + limit


def _x(chart: Chart, at: float) -> str:
    share = (at - chart.begin) / (chart.end - chart.begin)
    return f"{LEFT + share * (WIDTH - LEFT - RIGHT):.1f}"


def _y(value: float, top: float) -> str:
    return f"{TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM):.1f}"


def _draw_line(chart: Chart, line: Line, number: int, top: float) -> Safe:
    """Dashes differ as colours do. A lone point is a dot: a line needs two."""
    parts: list[Safe] = []
    for stretch in stretches(line, chart.step):
        if len(stretch) == 1:
            at, value = stretch[0]
            parts.append(tag("circle", cx=_x(chart, at), cy=_y(value, top), r=2))
            continue
        points = " ".join(f"{_x(chart, at)},{_y(value, top)}" for at, value in stretch)
        parts.append(tag("polyline", points=points))
    return tag("g", parts, class_=f"line l{number}")


def stretches(line: Line, step: int) -> list[list[tuple[float, float]]]:
    """The points without a gap between them."""
    found: list[list[tuple[float, float]]] = []
    for point in line.points:
        if found and point[0] - found[-1][-1][0] <= GAP_STEPS * step:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def _grid(chart: Chart, top: float) -> list[Safe]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    rows = [
        tag("line", x1=LEFT, x2=right, y1=y, y2=y, class_="grid")
        for y in (_y(share * top, top) for share in (0, 0.5, 1))
    ]
    scale = tag("text", words.of_unit(top, chart.unit), x=LEFT, y=TOP - 6, class_="scale")
    form = "%H:%M" if chart.end - chart.begin <= _DAY else "%d %b"
    ends = (
        (chart.begin, LEFT, "start"),
        ((chart.begin + chart.end) / 2, WIDTH / 2, "middle"),
        (chart.end, right, "end"),
    )
    times = [
        tag("text", time.strftime(form, time.gmtime(at)), x=x, y=bottom + 16, text_anchor=anchor)
        for at, x, anchor in ends
    ]
    return [*rows, scale, *times]


def _limit(chart: Chart, top: float) -> Safe | None:
    if chart.limit is None:
        return None
    y = _y(chart.limit, top)
    label = f"objective {words.of_unit(chart.limit, chart.unit)}"
    return tag(
        "g",
        tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y),
        tag("text", label, x=WIDTH - RIGHT, y=float(y) - 4, text_anchor="end"),
        class_="limit",
    )


def _in_words(chart: Chart) -> str:
    if not chart.lines:
        return f"{chart.title}: no data"
    said = []
    for line in chart.lines:
        values = [value for _, value in line.points]
        told = (line.last, min(values), max(values))
        now, low, high = (words.of_unit(each, chart.unit) for each in told)
        said.append(f"{line.name} {now} now, {low} to {high}")
    return f"{chart.title}: {'; '.join(said)}"
