"""Is it well? One word and the reasons, the worst first. Pure."""

from __future__ import annotations

from . import words
from .database import LEADERS
from .model import Overview, Verdict


# What was true before is believed for so long: a Prometheus that is replaced is away for less.
NEWS_SECONDS = 30.0


def verdict(found: Overview) -> Verdict:
    """down: users cannot write, or not be served. degraded: somebody should look.

    unknown: those who could say so have not answered for a while; what they said is no news.
    """
    silent = {one.name for one in found.sources if one.error}
    if not found.members and not found.doors:
        return Verdict("unknown", (_nothing_known(silent),))
    metrics = _is_news("Prometheus", found)
    led = metrics or _is_news("Patroni", found)
    shut = (*(_unled(found) if led else ()), *(_unserved(found) if metrics else ()))
    wrong = (*shut, *_degraded(found), *_silence(found))
    if shut:
        return Verdict("down", wrong)
    if not metrics:
        return Verdict("unknown", wrong)
    return Verdict("degraded" if wrong else "healthy", wrong)


def _is_news(name: str, found: Overview) -> bool:
    """Whether what a source said last may still be believed."""
    return any(
        one.answered_at is not None
        and (not one.error or found.looked_at - one.answered_at <= NEWS_SECONDS)
        for one in found.sources
        if one.name == name
    )


def _nothing_known(silent: set[str]) -> str:
    if "Prometheus" in silent:
        return "Prometheus does not answer, and nothing is known from before"
    return "Prometheus has no data yet: it has just started, or nothing has been healthy once"


def _unled(found: Overview) -> tuple[str, ...]:
    if any(one.role in LEADERS and one.good for one in found.members) or not found.members:
        return ()
    return ("No PostgreSQL leader: nobody can write",)


def _unserved(found: Overview) -> tuple[str, ...]:
    reasons = []
    if found.poolers and not any(one.good for one in found.poolers):
        reasons.append("No pooler answers: the application does not reach the database")
    for door in found.doors:
        if door.name == "edge" and door.servers == 0:
            reasons.append("No application instance is healthy: users see an error page")
    return tuple(reasons)


def _degraded(found: Overview) -> tuple[str, ...]:
    reasons = [f"{_many(len(firing), 'alert')} {word}" for word, firing in _alerts(found)]
    weak = [one.name for one in found.members if not one.good and one.role not in LEADERS]
    if weak:
        reasons.append(f"{', '.join(weak)}: not streaming from the leader")
    limit = found.read_lag_limit_bytes
    reasons += [
        f"{one.name} is {words.size(one.lag_bytes)} behind the leader: it serves no reads"
        for one in found.members
        if limit is not None and one.lag_bytes is not None and one.lag_bytes > limit
    ]
    # Who leads a standby site acknowledges no write that a second server would have to hold.
    alone = len(found.members) > 1 and not any(
        one.role in ("sync_standby", "quorum_standby", "standby_leader") for one in found.members
    )
    if alone:
        reasons.append("No synchronous standby: acknowledged writes are on one server only")
    for what, tier in (("etcd", found.etcd), ("pooler", found.poolers)):
        away = [one.name for one in tier if not one.good]
        if away:
            reasons.append(f"{what}: {', '.join(away)} {_is(away)} away")
    serving = sum(one.good is True for one in found.instances)
    if found.scaling is not None and serving < found.scaling.minimum:
        reasons.append(
            f"{serving} of at least {_many(found.scaling.minimum, 'instance')} take requests"
        )
    reasons += [
        f"The {door.name} does not say where it leads"
        for door in found.doors
        if door.servers is None
    ]
    reasons += [f"{one.name} does not answer Prometheus" for one in found.parts if not one.good]
    reasons += [
        f"Repository {one.name}: {', '.join(one.faults) or 'cannot be read, or has a gap'}"
        for one in found.repositories
        if not one.good
    ]
    reasons += [f"{one.name}: missed" for one in found.objectives if one.met is False]
    reasons += [
        f"The last {one.kind} restore drill of repository {one.repository} failed"
        for one in found.proofs
        if one.passed is False
    ]
    failed = [f"{one.repository} {one.kind}" for one in found.backups if not one.good]
    if failed:
        reasons.append(f"Backups that failed or are damaged: {', '.join(failed)}")
    return tuple(reasons)


def _alerts(found: Overview) -> list[tuple[str, list[str]]]:
    """info is a choice with a price: it calls for nobody."""
    by_severity: dict[str, list[str]] = {}
    for one in found.alerts:
        if one.severity != "info":
            by_severity.setdefault(one.severity, []).append(one.name)
    return [
        (f"of severity {severity}: {', '.join(dict.fromkeys(names))}", names)
        for severity, names in by_severity.items()
    ]


def _silence(found: Overview) -> tuple[str, ...]:
    return tuple(f"{one.name} does not answer" for one in found.sources if one.error)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
