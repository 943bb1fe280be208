"""What fires, from Alertmanager or, where that is silent, from Prometheus. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .fetch import Unanswered
from .model import Alert

SEVERITIES = ("critical", "warning", "info")
# Said elsewhere on the page, or the same for all.
_NO_NEWS = ("alertname", "severity", "stack", "site", "component", "job")


def from_alertmanager(body: Any) -> tuple[Alert, ...]:
    """GET /api/v2/alerts. Raises Unanswered when it is none."""
    try:
        return _sorted(
            _alert(one["labels"], one.get("annotations") or {}, one.get("startsAt"))
            for one in body
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Unanswered("answers no list of alerts") from error


def from_prometheus(body: Any) -> tuple[Alert, ...]:
    """GET /api/v1/alerts: silenced and inhibited ones too. Raises Unanswered when it is none."""
    try:
        return _sorted(
            _alert(one["labels"], one.get("annotations") or {}, one.get("activeAt"))
            for one in body["data"]["alerts"]
            if one["state"] == "firing"
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Unanswered("answers no list of alerts") from error


def _alert(labels: dict[str, str], annotations: dict[str, str], since: Any) -> Alert:
    concerns = [str(value) for name, value in sorted(labels.items()) if name not in _NO_NEWS]
    return Alert(
        str(labels.get("alertname", "unnamed")),
        str(labels.get("severity", "warning")),
        _seconds(since),
        ", ".join(concerns),
        str(annotations.get("summary", "")),
        str(annotations.get("action", "")),
        str(annotations.get("runbook_url") or annotations.get("runbook") or ""),
    )


def _sorted(found: Iterable[Alert]) -> tuple[Alert, ...]:
    """The worst first, the newest of them first. `none` is a watchdog: that it fires is no news."""
    shown = [one for one in found if one.severity != "none"]
    return tuple(
        sorted(shown, key=lambda one: (_rank(one.severity), -(one.since_at or 0), one.name))
    )


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _seconds(iso: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(iso)).timestamp()
    except ValueError:
        return None
