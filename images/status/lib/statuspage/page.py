"""The page: the verdict first, then what calls for somebody, then everything else."""

from __future__ import annotations

from collections.abc import Sequence

from . import svg, tables, words
from .api import iso
from .charts import Chart
from .html import Safe, join, tag, web_link
from .model import Alert, Overview
from .ranges import RANGES, Range

# Without JavaScript the browser loads the page anew; with it, only what changed is put in place.
REFRESH_SECONDS = 5
_VERDICTS = {
    "healthy": ("✓", "Healthy", "Everything works, and the next fault would be survived."),
    "degraded": ("!", "Degraded", "Users are served. Somebody should look:"),
    "down": ("✗", "Down", "Users are not served as they should be:"),
    "unknown": ("?", "Unknown", "Nobody can say whether users are served:"),
}


def render(
    found: Overview, charts: Sequence[Chart], shown: Range, assets: dict[str, str], refresh: bool
) -> str:
    """The whole page. `assets`: addresses by file name; `refresh`: whether it renews itself."""
    title = f"{_VERDICTS[found.verdict.state][1]}: {found.stack}, site {found.site}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="icon", href=assets[f"{found.verdict.state}.svg"]),
        tag("link", rel="stylesheet", href=assets["style.css"]),
        tag(
            "noscript", tag("meta", http_equiv="refresh", content=REFRESH_SECONDS)
        )
        if refresh
        else None,
        tag("script", src=assets["status.js"], defer=True, data_seconds=REFRESH_SECONDS)
        if refresh
        else None,
    )
    body = tag(
        "body",
        tag("a", "To the alerts", href="#alerts", class_="skip"),
        tag("p", "", id="stale", role="status"),
        _main(found, charts, shown, refresh),
    )
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _main(found: Overview, charts: Sequence[Chart], shown: Range, refresh: bool) -> Safe:
    return tag(
        "main",
        _banner(found, shown, refresh),
        _alerts(found),
        tag(
            "div",
            _card("database", "Database", tables.members(found), _notes(found.notes), wide=True),
            _card("application", "Application", tables.instances(found), tables.doors(found)),
            _card("poolers", "Poolers", tables.poolers(found)),
            _card("objectives", "Objectives", tables.objectives(found)),
            class_="cards",
        ),
        _charts(charts, shown, refresh),
        tag(
            "div",
            _card(
                "recovery",
                "Recoverable window",
                tables.repositories(found),
                _notes(_cloud(found)),
            ),
            _card("backups", "Backups", tables.backups(found)),
            _card("proofs", "Proven restores", tables.proofs(found)),
            _card("etcd", "etcd", tables.etcd(found)),
            _card("parts", "Other parts", tables.parts(found)),
            class_="cards",
        ),
        _footer(),
    )


def _banner(found: Overview, shown: Range, refresh: bool) -> Safe:
    sign, word, sentence = _VERDICTS[found.verdict.state]
    now = found.looked_at
    looked = tag("time", f"{words.clock(now, now)} UTC", datetime=iso(now))
    other = _here(shown, not refresh)
    renewal = (
        (f"renews itself every {REFRESH_SECONDS} s, ", tag("a", "stop that", href=other))
        if refresh
        else ("does not renew itself, ", tag("a", "start that", href=other))
    )
    sources = tag("ul", [_source(one, now) for one in found.sources], class_="sources")
    return tag(
        "header",
        tag("p", f"Stack {found.stack}, site {found.site}", class_="place"),
        tag("h1", tag("span", sign, aria_hidden="true", class_="sign"), word),
        tag("p", sentence),
        tag("ul", [tag("li", reason) for reason in found.verdict.reasons], class_="reasons")
        if found.verdict.reasons
        else None,
        tag("p", "As of ", looked, "; ", *renewal, ".", class_="asof"),
        sources,
        class_=f"banner {found.verdict.state}",
        id="verdict",
    )


def _source(one: object, now: float) -> Safe:
    name, error, at = one.name, one.error, one.answered_at  # type: ignore[attr-defined]
    if not error:
        return tag("li", tables.mark(True, f"{name} answers"))
    kept = (
        "nothing is known from it"
        if at is None
        else f"values of {words.clock(at, now)} UTC, {words.ago(at, now)}"
    )
    return tag("li", tables.mark(False, f"{name} does not answer ({error}): {kept}"))


def _alerts(found: Overview) -> Safe:
    silent = any(one.name == "Alertmanager" and one.error for one in found.sources)
    none = "None known: Alertmanager does not answer." if silent else "No alert fires."
    items = [_alert(one, found.looked_at) for one in found.alerts]
    return tag(
        "section",
        tag("h2", f"Alerts firing: {len(items)}" if items else "Alerts firing", id="alerts-title"),
        tag("ul", items, class_="alerts") if items else tag("p", none, class_="none"),
        id="alerts",
        aria_labelledby="alerts-title",
    )


def _alert(one: Alert, now: float) -> Safe:
    link = web_link(one.runbook)
    runbook = tag("a", "runbook", href=link, rel="noreferrer") if link else tag("code", one.runbook)
    kind = one.severity if one.severity in ("critical", "warning", "info") else "warning"
    concerns = f" ({one.concerns})" if one.concerns else ""
    return tag(
        "li",
        tag(
            "h3",
            tag("span", one.severity, class_="severity"),
            " ",
            tag("span", one.name + concerns, class_="alert-name"),
        ),
        tag("p", one.summary, class_="summary") if one.summary else None,
        tag("p", tag("strong", "What to do: "), one.action) if one.action else None,
        tag("p", tag("strong", "Runbook: "), runbook) if one.runbook else None,
        tag("p", f"since {words.clock(one.since_at, now)} UTC, {words.ago(one.since_at, now)}", class_="asof")
        if one.since_at
        else None,
        class_=f"alert {kind}",
    )


def _charts(charts: Sequence[Chart], shown: Range, refresh: bool) -> Safe:
    links = [
        tag(
            "a",
            one.key,
            href=_here(one, refresh),
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
        tag("li", tag("span", "", class_=f"key l{number}"), f"{line.name} ", tag("b", words.of_unit(line.last, one.unit)))
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


def _card(key: str, title: str, *parts: object, wide: bool = False) -> Safe:
    return tag(
        "section",
        tag("h2", title, id=f"{key}-title"),
        *parts,
        id=key,
        class_="card wide" if wide else "card",
        aria_labelledby=f"{key}-title",
    )


def _notes(notes: Sequence[str]) -> Safe | None:
    return join(tag("p", note, class_="note") for note in notes) if notes else None


def _cloud(found: Overview) -> tuple[str, ...]:
    if found.cloud is not False:
        return ()
    return ("There is no cloud repository: the loss of this machine loses every backup.",)


def _footer() -> Safe:
    return tag(
        "footer",
        "This page only reads. The same as ",
        tag("a", "JSON", href="/api/status.json"),
        "; in the terminal: ",
        tag("code", "./holdfast status"),
    )


def _here(shown: Range, refresh: bool) -> str:
    return f"/?range={shown.key}" + ("" if refresh else "&refresh=off")


