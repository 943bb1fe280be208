"""The page: the verdict first, then what calls for somebody, then everything else."""

from __future__ import annotations

from collections.abc import Sequence

from . import recovery_tables, tables
from .banner import REFRESH_SECONDS, banner, title
from .charts import Chart
from .figures import figures
from .firing import firing
from .html import Safe, join, tag
from .model import Overview
from .ranges import Range



def render(
    found: Overview, charts: Sequence[Chart], shown: Range, assets: dict[str, str], refresh: bool
) -> str:
    """The whole page. `assets`: addresses by file name; `refresh`: whether it renews itself."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title(found)),
        tag("link", rel="icon", href=assets[f"{found.verdict.state}.svg"]),
        tag("link", rel="stylesheet", href=assets["style.css"]),
        tag("noscript", tag("meta", http_equiv="refresh", content=REFRESH_SECONDS))
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
        banner(found, shown, refresh),
        firing(found),
        tag(
            "div",
            _card("database", "Database", tables.members(found), _notes(found.notes)),
            _card("application", "Application", tables.instances(found), tables.scaling(found)),
            _card("ways", "Ways in", tables.poolers(found), tables.doors(found)),
            _card("objectives", "Objectives", recovery_tables.objectives(found)),
            class_="cards",
        ),
        figures(charts, shown, refresh),
        tag(
            "div",
            _card(
                "recovery",
                "Recoverable window",
                recovery_tables.repositories(found),
                _notes(_cloud(found)),
            ),
            _card("backups", "Backups", recovery_tables.backups(found)),
            _card("proofs", "Proven restores", recovery_tables.proofs(found)),
            _card("etcd", "etcd", tables.etcd(found)),
            _card("parts", "Other parts", tables.parts(found)),
            class_="cards",
        ),
        _footer(),
    )


def _card(key: str, title: str, *parts: object) -> Safe:
    return tag(
        "section",
        tag("h2", title, id=f"{key}-title"),
        *parts,
        id=key,
        class_="card",
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
