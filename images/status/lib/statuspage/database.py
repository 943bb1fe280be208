"""Members, etcd and poolers, from Patroni's word and Prometheus' samples. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .model import EtcdMember, Member, Pooler
from .samples import Sample, by_label, pick, value_of

Answers = Mapping[str, list[Sample]]
"""Prometheus' answers by the name of the question (queries.instant)."""

LEADERS = ("leader", "standby_leader")
# Patroni's metric of each role. A replica may be more than that: the first that is 1 counts.
_ROLES = (
    ("primary", "leader"),
    ("standby_leader", "standby_leader"),
    ("sync_standby", "sync_standby"),
    ("quorum_standby", "quorum_standby"),
    ("replica", "replica"),
)


def targets(answers: Answers, job: str) -> dict[str, bool]:
    """What Prometheus has to scrape of a job, by instance, and whether it answers."""
    found = by_label(pick(answers.get("up", []), "up", job=job), "instance")
    return {name: value == 1 for name, value in found.items()}


def in_order(name: str) -> tuple[str, int]:
    """Sorts postgres-10 behind postgres-9."""
    words = re.match(r"(.*?)(\d*)$", name, re.DOTALL)
    return (words[1], int(words[2] or 0)) if words else (name, 0)


def members(cluster: Any, history: Any, answers: Answers) -> tuple[Member, ...]:
    """Each member that Patroni or Prometheus knows of.

    `cluster`, `history`: Patroni's answers to GET /cluster and /history; None without one: then
    roles and states are what the members themselves told Prometheus.
    """
    told = {str(one.get("name")): one for one in _dicts((cluster or {}).get("members"))}
    scraped = targets(answers, "patroni")
    known = answers.get("patroni", [])
    names = sorted({*told, *scraped}, key=in_order)
    return tuple(
        _member(name, told.get(name), history, known, scraped.get(name)) for name in names
    )


def _member(
    name: str, told: dict[str, Any] | None, history: Any, known: list[Sample], up: bool | None
) -> Member:
    def metric(word: str) -> float | None:
        return value_of(known, f"patroni_{word}", instance=name)

    role = next((word for key, word in _ROLES if metric(key) == 1), "-")
    if metric("postgres_running") is None:
        state = "does not answer"
    else:
        state = "streaming" if metric("postgres_streaming") == 1 else "running"
        state = state if metric("postgres_running") == 1 else "stopped"
    timeline, lag = metric("postgres_timeline"), _lag(known, name)
    since = metric("postmaster_start_time") or None
    if told is not None:
        role, state = str(told.get("role", "-")), str(told.get("state", "-"))
        timeline, lag = told.get("timeline", timeline), told.get("lag", lag)
    if role in LEADERS:
        since = _led_since(history, name) or since
        lag = None
    # Of a member that Prometheus cannot reach Patroni may still tell what it was before.
    good = up is not False and (state == "streaming" or (role in LEADERS and state == "running"))
    return Member(name, role, state, good, _whole(timeline), _whole(lag), since)


def _lag(known: list[Sample], name: str) -> float | None:
    """Bytes of WAL that it has not replayed. The leader was scraped a moment before or after."""
    written = max((one.value for one in pick(known, "patroni_xlog_location")), default=0)
    replayed = value_of(known, "patroni_xlog_replayed_location", instance=name)
    return max(0.0, written - replayed) if written and replayed else None


def _led_since(history: Any, name: str) -> float | None:
    """Patroni's history: [timeline, position, reason, ISO time, new leader], oldest first."""
    last = history[-1] if isinstance(history, list) and history else None
    if not isinstance(last, list) or len(last) < 5 or last[4] != name:
        return None
    try:
        return datetime.fromisoformat(str(last[3])).timestamp()
    except ValueError:
        return None


def etcd(answers: Answers) -> tuple[EtcdMember, ...]:
    known = answers.get("etcd", [])

    def one(name: str, up: bool) -> EtcdMember:
        has_leader = value_of(known, "etcd_server_has_leader", instance=name) == 1
        state = "has a leader" if has_leader else "without a leader"
        return EtcdMember(
            name,
            state if up else "does not answer",
            up and has_leader,
            up and value_of(known, "etcd_server_is_leader", instance=name) == 1,
            value_of(known, "etcd_mvcc_db_total_size_in_bytes", instance=name),
        )

    found = targets(answers, "etcd")
    return tuple(one(name, found[name]) for name in sorted(found, key=in_order))


def poolers(answers: Answers) -> tuple[Pooler, ...]:
    up = by_label(answers.get("pgbouncer_up", []), "instance")
    clients = answers.get("pooler_clients", [])
    wait = by_label(answers.get("pooler_wait", []), "instance")
    rate = by_label(answers.get("pooler_rate", []), "instance")

    def count(what: str, name: str) -> int | None:
        metric = f"pgbouncer_pools_client_{what}_connections"
        return _whole(value_of(clients, metric, instance=name))

    def one(name: str) -> Pooler:
        good = up.get(name) == 1
        return Pooler(
            name,
            "answers" if good else "does not answer",
            good,
            count("active", name),
            count("waiting", name),
            wait.get(name),
            rate.get(name),
        )

    names = {*targets(answers, "pooler"), *up}
    return tuple(one(name) for name in sorted(names, key=in_order))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _whole(value: Any) -> int | None:
    """Patroni says `unknown` where it has no number."""
    return int(value) if isinstance(value, (int, float)) else None
