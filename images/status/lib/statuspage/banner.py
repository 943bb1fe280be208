"""The top of the page: the verdict, the reasons, who was asked and when."""

from __future__ import annotations

from . import tables, words
from .api import iso
from .html import Safe, tag
from .model import Overview, Source
from .ranges import Range, address

# Without JavaScript the browser loads the page anew; with it, only what changed is put in place.
REFRESH_SECONDS = 5
_VERDICTS = {
    "healthy": ("✓", "Healthy", "Everything works, and the next fault would be survived."),
    "degraded": ("!", "Degraded", "Users are served. Somebody should look:"),
    "down": ("✗", "Down", "Users are not served as they should be:"),
    "unknown": ("?", "Unknown", "Nobody can say whether users are served:"),
}


def title(found: Overview) -> str:
    """Of the browser's tab: the verdict comes first, so that it is seen there."""
    return f"{_VERDICTS[found.verdict.state][1]}: {found.stack}, site {found.site}"


def banner(found: Overview, shown: Range, refresh: bool) -> Safe:
    sign, word, sentence = _VERDICTS[found.verdict.state]
    now = found.looked_at
    looked = tag("time", f"{words.clock(now, now)} UTC", datetime=iso(now))
    other = address(shown, not refresh)
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


def _source(one: Source, now: float) -> Safe:
    name, error, at = one.name, one.error, one.answered_at
    if not error:
        return tag("li", tables.mark(True, f"{name} answers"))
    kept = (
        "nothing is known from it"
        if at is None
        else f"values of {words.clock(at, now)} UTC, {words.ago(at, now)}"
    )
    return tag("li", tables.mark(False, f"{name} does not answer ({error}): {kept}"))
