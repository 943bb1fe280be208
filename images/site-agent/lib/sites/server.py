"""Two HTTP ports: pages for the site and the other one (9857), and verbs for `docker exec` (9858).

The second listens on the loopback of the container alone: whoever may `docker exec` here may tell it
what to do, and nobody else.
"""

import json
import threading
from collections.abc import Mapping

import http_port
from etcd_gateway import EtcdError
from sites import report, word
from sites.agent import Agent
from sites.drain import STATUS
from sites.port import Answer, serve
from sites.refusals import Refused
from sites.verbs import Verbs

PORT = 9857
VERB_PORT = 9858
JSON = "application/json"


def serve_pages(agent: Agent, key: str, is_healthy, port: int = PORT) -> int:  # noqa: ANN001
    """What may be read by anybody on the site's network, and by the other site; and what that one may ask.

    Args:
        key: what the other site's agent signs with.
    """

    def shown(make) -> object:  # noqa: ANN001
        return lambda: _json(200, make(agent))

    def confirm(sent: bytes, headers: Mapping[str, str]) -> Answer:
        who = word.asked(sent, headers.get(word.SIGNATURE) or "", key)
        if who is None:
            return _json(403, {"error": "not signed by the other site's agent", "next": STATUS})
        epoch = agent.confirm(*who)
        if epoch is None:
            said = f"site {agent.state.site} is {agent.state.role}, epoch {agent.state.epoch}"
            return _json(409, {"error": f"{said}: it does not confirm that", "next": STATUS})
        return _json(200, {"epoch": epoch})

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
    return serve("0.0.0.0", port, pages, {word.PATH: confirm})  # type: ignore[arg-type]


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

    def told(sent: bytes, _: object) -> Answer:
        try:
            asked = json.loads(sent)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            return _json(400, {"error": "no JSON object", "next": STATUS})
        if not one.acquire(blocking=False):
            return _json(409, {"error": "another command is at work here", "next": STATUS})
        try:
            return _json(*act(verbs, asked))
        finally:
            one.release()

    return serve("127.0.0.1", port, {"/": lambda: _json(200, verbs.status())}, {"/": told})


def _json(status: int, value: dict) -> Answer:
    return status, json.dumps(value) + "\n", JSON
