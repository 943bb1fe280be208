"""Prometheus' HTTP API, read only."""

import json
import urllib.parse
import urllib.request


def get(url: str, path: str, **query: str) -> object:
    """The `data` of an answer of /api/v1."""
    address = f"{url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)["data"]


def vector(url: str, expr: str) -> list[tuple[dict[str, str], float]]:
    """Labels and value of each series of an instant query."""
    result = get(url, "query", query=expr)["result"]
    return [(one["metric"], float(one["value"][1])) for one in result]


def rules_file(url: str) -> dict[str, object]:
    """The alerts that a Prometheus has loaded, as a rule file again."""
    groups = []
    for group in get(url, "rules")["groups"]:
        rules = [
            {
                ("alert" if rule["type"] == "alerting" else "record"): rule["name"],
                "expr": rule["query"],
                **({"for": f"{rule['duration']:.0f}s"} if rule.get("duration") else {}),
                **({"labels": rule["labels"]} if rule.get("labels") else {}),
                **({"annotations": rule["annotations"]} if rule.get("annotations") else {}),
            }
            for rule in group["rules"]
        ]
        groups.append({"name": group["name"], "interval": f"{group['interval']:g}s", "rules": rules})
    return {"groups": groups}
