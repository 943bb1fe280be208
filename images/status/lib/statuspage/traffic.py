"""Doors, application instances and all other parts, from Prometheus' samples. Pure."""

from __future__ import annotations

from .database import Answers, in_order, targets
from .model import Door, Instance, Part, Scaling
from .samples import by_label, pick, value_of

# HAProxy's backends, and what they are to people.
_DOORS = (
    ("edge", "app", "application instances"),
    ("router", "rw", "the leader"),
    ("router", "ro", "replicas"),
)
# Shown in tables of their own.
_TOLD_ELSEWHERE = ("patroni", "postgres", "etcd", "pooler", "app")
# Instances whose name alone says too little, or is another job's too.
_NAMED = {"node": "host {}", "containers": "figures of containers"}


def doors(answers: Answers) -> tuple[Door, ...]:
    found = answers.get("doors", [])

    def one(job: str, proxy: str, leads_to: str) -> Door:
        labels = {"job": job, "proxy": proxy}
        counts = by_label(pick(found, "haproxy_backend_active_servers", **labels), "proxy")
        count = counts.get(proxy)
        # Without a replica the leader takes the reads: no door is shut.
        good = count is not None and (count > 0 or proxy == "ro")
        return Door(job, leads_to, None if count is None else int(count), good)

    known = targets(answers, "edge") | targets(answers, "router")
    return tuple(one(*door) for door in _DOORS if door[0] in known)


def instances(answers: Answers) -> tuple[Instance, ...]:
    """Those that serve, those that did within the last hour, and those that are scraped."""
    up = by_label(answers.get("server_up", []), "server")
    rate = by_label(answers.get("server_rate", []), "server")
    errors = by_label(answers.get("server_errors", []), "server")
    average = by_label(answers.get("server_average", []), "server")
    p95 = by_label(answers.get("instance_p95", []), "instance")

    def one(name: str) -> Instance:
        if up.get(name) != 1:
            return Instance(name, "takes no requests", None)
        latency, kind = p95.get(name), "95 %"
        if latency is None and rate.get(name):
            latency, kind = average.get(name), "average"
        return Instance(
            name,
            "takes requests",
            True,
            rate.get(name),
            errors.get(name),
            latency,
            kind if latency is not None else "",
        )

    seen = by_label(answers.get("server_seen", []), "server")
    serving = {name for name, value in up.items() if value == 1}
    names = {*serving, *seen, *targets(answers, "app")}
    return tuple(one(name) for name in sorted(names, key=in_order))


def scaling(answers: Answers) -> Scaling | None:
    """None where no autoscaler tells."""
    found = answers.get("autoscaler", [])

    def value(word: str) -> float | None:
        return value_of(found, f"holdfast_autoscaler_{word}")

    desired, minimum, maximum = (
        value(f"{word}_instances") for word in ("desired", "minimum", "maximum")
    )
    if desired is None or minimum is None or maximum is None:
        return None
    pinned, holding = value("pinned") == 1, value("holding") == 1
    return Scaling(int(desired), int(minimum), int(maximum), pinned, holding)


def parts(answers: Answers) -> tuple[Part, ...]:
    found = {
        (sample.labels.get("job", ""), sample.labels.get("instance", "")): sample.value == 1
        for sample in pick(answers.get("up", []), "up")
    }
    shown = ((job, name) for job, name in found if job not in _TOLD_ELSEWHERE)
    return tuple(
        Part(_NAMED.get(job, "{}").format(name), job, found[job, name])
        for job, name in sorted(shown, key=lambda key: (in_order(key[1]), key[0]))
    )
