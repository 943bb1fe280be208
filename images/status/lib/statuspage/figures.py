"""The charts with their captions, legends and the choice of a time range."""

from __future__ import annotations

from collections.abc import Sequence

from . import svg, words
from .charts import Chart
from .html import Safe, tag
from .ranges import RANGES, Range, address


def figures(charts: Sequence[Chart], shown: Range, refresh: bool) -> Safe:
    links = [
        tag(
            "a",
            one.key,
            href=address(one, refresh),
            aria_current="true" if one == shown else None,
            aria_label=one.words,
        )
        for one in RANGES
    ]
    return tag(
        "section",
        tag("h2", f"The {shown.words}", id="charts-title"),
        tag("nav", links, class_="ranges", aria_label="Time range of the charts"),
        tag("div", [_chart(one) for one in charts], class_="charts"),
        id="charts",
        aria_labelledby="charts-title",
    )


def _chart(one: Chart) -> Safe:
    legend = [
        tag(
            "li",
            tag("span", "", class_=f"key l{number}"),
            f"{line.name} ",
            tag("b", words.of_unit(line.last, one.unit)),
        )
        for number, line in enumerate(one.lines)
    ]
    more = tag("li", f"and {one.more} more") if one.more else None
    empty = f"No data: {one.error}" if one.error else "No data in this time."
    shown = (svg.draw(one), tag("ul", legend, more, class_="legend"))
    return tag(
        "figure",
        tag("figcaption", one.title),
        *(shown if one.lines else (tag("p", empty, class_="none"),)),
        id=f"figure-{one.key}",
    )
