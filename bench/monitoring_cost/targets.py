"""A larger site than the one that runs: its targets, and a server that answers for them with recorded text."""

import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from monitoring_cost.api import get

REPLICAS, INSTANCES = 10, 20
# Job → how many there are at such a site; jobs of which there is one, whatever the size, are left as they are.
COUNTS = {"patroni": REPLICAS + 1, "postgres": REPLICAS + 1, "app": INSTANCES}
TIER = {"patroni": "postgres", "postgres": "postgres", "app": "app"}


def record(url: str) -> dict[str, bytes]:
    """Job → the exposition of one of its targets, as it is now."""
    texts: dict[str, bytes] = {}
    for target in get(url, "targets", state="active")["activeTargets"]:
        job = target["labels"]["job"]
        if job in texts or target["health"] != "up":
            continue
        with urllib.request.urlopen(target["scrapeUrl"], timeout=10) as answer:
            texts[job] = answer.read()
    return texts


def instances(url: str) -> dict[str, list[dict[str, str]]]:
    """Job → the labels of each target: those that run, or as many as a larger site has."""
    found: dict[str, list[dict[str, str]]] = {}
    for target in get(url, "targets", state="active")["activeTargets"]:
        labels = {name: target["labels"][name] for name in ("stack", "site", "component", "instance")}
        found.setdefault(target["labels"]["job"], []).append(labels)
    for job, count in COUNTS.items():
        if job in found:
            first = found[job][0]
            found[job] = [first | {"instance": f"{TIER[job]}-{n}"} for n in range(1, count + 1)]
    return found


def scrape_configs(url: str, address: str, intervals: dict[str, str]) -> list[dict[str, object]]:
    """Every job of the larger site, each target by a path of its own at the one server."""
    return [
        {
            "job_name": job,
            **({"scrape_interval": intervals[job]} if job in intervals else {}),
            **({"scrape_timeout": "1s"} if intervals.get(job) in ("1s", "2s") else {}),
            "static_configs": [
                {"targets": [address], "labels": labels | {"__metrics_path__": f"/{job}/{labels['instance']}"}}
                for labels in list_
            ],
        }
        for job, list_ in instances(url).items()
    ]


def serve(texts: dict[str, bytes]) -> ThreadingHTTPServer:
    """Answers /JOB/INSTANCE on a free port of the loopback, until it is shut down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            text = texts.get(self.path.split("/")[1])
            self.send_response(404 if text is None else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text or b"")))
            self.end_headers()
            self.wfile.write(text or b"")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
