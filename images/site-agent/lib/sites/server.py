"""Two HTTP ports: pages for the site and the other one (9857), and verbs for `docker exec` (9858).

The second listens on the loopback of the container alone: whoever may `docker exec` here may tell it
what to do, and nobody else.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_port
from etcd_gateway import EtcdError
from sites import report
from sites.agent import Agent
from sites.drain import STATUS
from sites.refusals import Refused
from sites.verbs import Verbs

PORT = 9857
VERB_PORT = 9858
MAX_BODY_BYTES = 4096
JSON = "application/json"


def serve_pages(agent: Agent, is_healthy, port: int = PORT) -> int:  # noqa: ANN001
    """What may be read by anybody on the site's network, and by the other site."""

    def shown(make) -> object:  # noqa: ANN001
        return lambda: (200, json.dumps(make(agent)) + "\n", JSON)

    def closed() -> tuple[int, str, str]:
        return (200, "closed\n", http_port.TEXT) if agent.closed() else (503, "open\n", http_port.TEXT)

    pages = {
        "/gate": shown(report.gate),
        "/state": shown(report.for_peer),
        "/status": shown(report.status),
        "/closed": closed,
        "/metrics": lambda: (200, report.metrics(agent), http_port.TEXT),
        "/healthz": http_port.health(is_healthy),
    }
    return http_port.serve(pages, port)  # type: ignore[arg-type]


def act(verbs: Verbs, asked: dict) -> tuple[int, dict]:
    """One verb: HTTP status and answer."""
    verb = asked.get("verb")
    try:
        if verb in ("found", "release"):
            return 200, getattr(verbs, str(verb))()
        epoch = asked.get("epoch")
        if not isinstance(epoch, int) or epoch < 1:
            return 400, {"error": "an epoch is a whole number from 1", "next": STATUS}
        if verb == "drain":
            return 200, verbs.drain(epoch)
        if verb == "promote":
            return 200, verbs.promote(epoch, asked.get("at"))
        if verb == "demote":
            return 200, verbs.demote(epoch, str(asked.get("follow")))
        if verb == "activate":
            return 200, verbs.activate(epoch)
    except Refused as error:
        return 409, {"error": str(error), "next": error.next}
    except (EtcdError, ValueError) as error:
        return 409, {"error": str(error), "next": STATUS}
    return 404, {"error": f"no verb {verb!r}", "next": "holdfast-site --help"}


def serve_verbs(verbs: Verbs, port: int = VERB_PORT) -> int:
    """Serves in the background; one verb at a time, and the status always."""
    one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:  # noqa: N802
            self._reply(200, verbs.status())

        def do_POST(self) -> None:  # noqa: N802
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                self._reply(400, {"error": "too long", "next": STATUS})
                return
            try:
                asked = json.loads(self.rfile.read(int(length)))
            except ValueError:
                asked = None
            if not isinstance(asked, dict):
                self._reply(400, {"error": "no JSON object", "next": STATUS})
                return
            if not one.acquire(blocking=False):
                self._reply(409, {"error": "another command is at work here", "next": STATUS})
                return
            try:
                self._reply(*act(verbs, asked))
            finally:
                one.release()

        def _reply(self, status: int, value: dict) -> None:
            body = json.dumps(value).encode() + b"\n"
            try:
                self.send_response(status)
                self.send_header("Content-Type", JSON)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # whoever asked has gone; what was begun goes on

        def log_message(self, format: str, *args: object) -> None:
            """The change of the role is what is worth a line."""

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, name="verbs", daemon=True).start()
    return http.server_address[1]
