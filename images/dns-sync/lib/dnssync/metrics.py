"""What the watcher tells Prometheus. No I/O."""

from dnssync.facts import Facts
from dnssync.verdict import Answer, site_of

FAMILIES = (
    ("answers", "1 when the server gave the name an address."),
    ("points_here", "1 when the name has the addresses of this site, and no others."),
    ("site", "1 for the site whose addresses the name has."),
    ("ttl_seconds", "How long others may keep the answer."),
)


def exposition(facts: Facts, here: str, seen: list[Answer], looked_at: float) -> str:
    """Prometheus' text format; `looked_at` in seconds since 1970."""
    rows: dict[str, list[tuple[dict[str, str], object]]] = {name: [] for name, _ in FAMILIES}
    for answer in seen:
        labels = {"service": answer.service, "name": answer.name, "server": answer.server}
        site = site_of(facts, answer)
        rows["answers"].append((labels, int(bool(answer.addresses))))
        rows["points_here"].append((labels, int(site == here)))
        rows["site"] += [({**labels, "points_to": one}, int(site == one)) for one in facts.sites]
        if answer.ttl is not None:
            rows["ttl_seconds"].append((labels, answer.ttl))
    lines = []
    for name, help_text in FAMILIES:
        lines += [f"# HELP holdfast_dns_{name} {help_text}", f"# TYPE holdfast_dns_{name} gauge"]
        lines += [f"holdfast_dns_{name}{_labels(labels)} {value}" for labels, value in rows[name]]
    lines += [
        "# HELP holdfast_dns_last_look_timestamp_seconds When the names were last asked for.",
        "# TYPE holdfast_dns_last_look_timestamp_seconds gauge",
        f"holdfast_dns_last_look_timestamp_seconds {looked_at:.3f}",
    ]
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    escaped = {
        key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in labels.items()
    }
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped.items()) + "}"
