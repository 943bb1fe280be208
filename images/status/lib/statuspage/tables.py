"""The tables of the page, one function for each part of the site."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import words
from .html import Safe, tag
from .model import Overview
from .words import NOTHING

_ROLES = {"quorum_standby": "quorum replica", "sync_standby": "synchronous replica"}


def mark(good: bool | None, text: str) -> Safe:
    """A state: a sign and a word beside its colour, for who sees none."""
    sign, kind = {True: ("✓", "good"), False: ("✗", "bad"), None: ("○", "idle")}[good]
    return tag("span", tag("span", f"{sign} ", aria_hidden="true"), text, class_=f"mark {kind}")


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]], none: str) -> Safe:
    """The first cell of a row names it. A table that is too wide scrolls by itself."""
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            [tag("td", cell, data_head=name) for name, cell in zip(head[1:], row[1:], strict=True)],
        )
        for row in rows
    ]
    if not body:
        return tag("p", none, class_="none")
    heads = tag("tr", [tag("th", name, scope="col") for name in head])
    whole = tag(
        "table", tag("caption", title, class_="unseen"), tag("thead", heads), tag("tbody", body)
    )
    return tag("div", whole, class_="scroll", tabindex=0, role="region", aria_label=title)


def none(found: Overview, known: str) -> str:
    """What stands for an empty table: `known`, unless nobody was there to ask."""
    silent = any(one.name == "Prometheus" and one.error for one in found.sources)
    return "Nobody knows: Prometheus does not answer." if silent else known


def members(found: Overview) -> Safe:
    now = found.looked_at
    rows = [
        (
            one.name,
            tag("strong", "leader")
            if one.role == "leader"
            else _ROLES.get(one.role, one.role.replace("_", " ")),
            mark(one.good, one.state),
            NOTHING if one.timeline is None else one.timeline,
            words.size(one.lag_bytes),
            words.ago(one.since_at, now) if one.since_at else NOTHING,
        )
        for one in found.members
    ]
    head = ("Member", "Role", "State", "Timeline", "Lag", "Since")
    return table("Database members", head, rows, none(found, "Nobody knows of a member."))


def etcd(found: Overview) -> Safe:
    rows = [
        (
            one.name,
            mark(one.good, f"{one.state}, itself" if one.leads else one.state),
            words.size(one.size_bytes),
        )
        for one in found.etcd
    ]
    return table("etcd", ("Member", "State", "Data"), rows, none(found, "etcd is not scraped yet."))


def poolers(found: Overview) -> Safe:
    rows = [
        (
            one.name,
            mark(one.good, one.state),
            words.number(one.clients),
            NOTHING
            if one.waiting is None
            else f"{one.waiting}, {words.duration(one.longest_wait_seconds)}"
            if one.waiting
            else "0",
            words.of_unit(one.transactions_per_second, "/s"),
        )
        for one in found.poolers
    ]
    head = ("Pooler", "State", "Clients", "Waiting", "Transactions")
    return table("Poolers", head, rows, none(found, "No pooler is scraped yet."))


def doors(found: Overview) -> Safe:
    rows = [
        (
            f"{one.name} to {one.leads_to}",
            mark(one.good, "says nothing" if one.servers is None else f"{one.servers} healthy"),
        )
        for one in found.doors
    ]
    head = ("Way", "Servers")
    nothing = none(found, "Neither edge nor router is scraped yet.")
    return table("Edge and router", head, rows, nothing)


def instances(found: Overview) -> Safe:
    rows = [
        (
            one.name,
            mark(one.good, one.state),
            words.of_unit(one.requests_per_second, "/s"),
            words.of_unit(one.errors_per_second, "/s"),
            words.duration(one.latency_seconds)
            + (f" ({one.latency_kind})" if one.latency_kind else ""),
        )
        for one in found.instances
    ]
    head = ("Instance", "State", "Requests", "Errors", "Time to answer")
    nothing = none(found, "The edge knows no instance yet.")
    return table("Application instances", head, rows, nothing)


def scaling(found: Overview) -> Safe | None:
    """One line below the instances; nothing without an autoscaler."""
    one = found.scaling
    if one is None:
        return None
    said = f"The autoscaler wants {one.desired} (it may have {one.minimum} to {one.maximum})"
    said += ", pinned by a person" if one.pinned else ""
    said += "; it holds for now" if one.holding else ""
    return tag("p", f"{said}.", class_="asof")


def parts(found: Overview) -> Safe:
    rows = [
        (one.name, mark(one.good, "answers" if one.good else "does not answer"))
        for one in found.parts
    ]
    nothing = none(found, "Nothing is scraped yet.")
    return table("Other parts", ("Part", "Prometheus' scrape"), rows, nothing)
