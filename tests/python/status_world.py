"""A site for the status page: real answers of a running stack (status_answers.jsonl), to be bent.

Recorded from Prometheus 2.53 and Alertmanager 0.28 of a stack with three members under load; of
each line of a chart the last 20 points. Patroni's answers are written here after its documentation.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from image_paths import use

use("status")
from statuspage import look, queries  # noqa: E402
from statuspage.fetch import Unanswered  # noqa: E402
from statuspage.settings import Place  # noqa: E402

RECORDED: dict[str, Any] = {
    entry["ask"]: entry["answer"]
    for entry in map(
        json.loads, (Path(__file__).parent / "status_answers.jsonl").read_text().splitlines()
    )
}
NOW = float(RECORDED["now"])
NAMES = {expr: name for name, expr in queries.instant(60).items()}
PLACE = Place("dev", "a", "prometheus", "alertmanager", ("member-1", "member-2"))
CLUSTER = {
    "members": [
        {"name": "postgres-1", "role": "leader", "state": "running", "timeline": 4},
        {
            "name": "postgres-2",
            "role": "quorum_standby",
            "state": "streaming",
            "timeline": 4,
            "lag": 0,
        },
        {
            "name": "postgres-3",
            "role": "quorum_standby",
            "state": "streaming",
            "timeline": 4,
            "lag": 16384,
        },
    ]
}
HISTORY = [[3, 83886464, "no recovery target specified", "2026-11-28T13:51:06+00:00", "postgres-1"]]
EMPTY = {"status": "success", "data": {"resultType": "vector", "result": []}}
NO_SERIES = {"status": "success", "data": {"resultType": "matrix", "result": []}}


def sample(value: float, **labels: str) -> dict[str, Any]:
    """One value, as Prometheus writes it. `metric` is the name."""
    named = {("__name__" if key == "metric" else key): word for key, word in labels.items()}
    return {"metric": named, "value": [NOW, str(value)]}


def vector(*found: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": list(found)}}


class World:
    """Answers by name; replace one, or put an Unanswered in its place."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = dict(RECORDED)
        # The stack that was recorded had no autoscaler.
        self.answers["autoscaler"] = EMPTY
        # Nobody visited the shop at that moment.
        for name in ("app-1", "app-2"):
            self.put("server_rate", 4.5, server=name)
            self.put("instance_p95", 0.25, instance=name)
            self.put("server_average", 0.03, server=name)
        # Alertmanager's own answer is a watchdog.
        self.answers["alerts"] = list(RECORDED["alerts"])
        self.answers["cluster"], self.answers["history"] = CLUSTER, HISTORY
        self.answers["firing"] = {"data": {"alerts": []}}
        self.silent: set[str] = set()
        self.asked: list[str] = []

    def get(self, address: str, path: str, seconds: float) -> Any:
        name = self._name(path)
        self.asked.append(name)
        if address in self.silent:
            raise Unanswered("Connection refused")
        default = NO_SERIES if name.startswith("range ") else None
        answer = self.answers.get(name, default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @staticmethod
    def _name(path: str) -> str:
        asked = urlsplit(path)
        query = parse_qs(asked.query).get("query", [""])[0]
        if asked.path == "/api/v1/query_range":
            # A longer range takes its rates over a longer time; recorded was the shortest.
            return "range " + re.sub(r"\[\d+s\]", "[60s]", query)
        fixed = {
            "/cluster": "cluster",
            "/history": "history",
            "/api/v1/alerts": "firing",
            "/api/v2/alerts": "alerts",
        }
        return fixed.get(asked.path) or NAMES[query]

    def without(self, name: str, **labels: str) -> None:
        """Leaves out the samples that carry these labels."""
        result = [
            one
            for one in self.answers[name]["data"]["result"]
            if not all(one["metric"].get(key) == value for key, value in labels.items())
        ]
        self.answers[name] = {
            "status": "success",
            "data": {"resultType": "vector", "result": result},
        }

    def put(self, name: str, value: float, **labels: str) -> None:
        """Another value for the samples that carry these labels; a new one where there is none."""
        named = {("__name__" if key == "metric" else key): word for key, word in labels.items()}
        self.without(name, **named)
        self.answers[name]["data"]["result"].append(sample(value, **labels))

    def silence_prometheus(self) -> None:
        self.silent.add("prometheus")

    def site(self, live: Path = Path("/nonexistent")) -> look.Site:
        return look.Site(PLACE, live, self.get, clock=lambda: NOW)


class Tags(HTMLParser):
    """What a browser would make of it: every tag with its attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())
