"""What fires, with what to do about it."""

from __future__ import annotations

from . import words
from .html import Safe, tag, web_link
from .model import Alert, Overview


def firing(found: Overview) -> Safe:
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
        _since(one.since_at, now),
        class_=f"alert {kind}",
    )


def _since(at: float | None, now: float) -> Safe | None:
    if at is None:
        return None
    return tag("p", f"since {words.clock(at, now)} UTC, {words.ago(at, now)}", class_="asof")
