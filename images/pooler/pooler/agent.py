"""The agent's HTTP interface on port 8009 (M15). Every path but /healthz needs the bearer token."""

import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pooler.admin import AdminError
from pooler.bouncer import Bouncer
from pooler.follow import Follower
from pooler.lease import Conflict
from pooler.pause import NotDrained, Pauser

MAX_BODY_BYTES = 4096
MAX_SECONDS = 60.0


class BadRequest(Exception):
    """The request's body is not as described; the message says what to send."""


def number(body: dict[str, Any], key: str, default: float) -> float:
    """A number of seconds above 0 and at most MAX_SECONDS."""
    value = body.get(key, default)
    number_given = isinstance(value, int | float) and not isinstance(value, bool)
    if not number_given or not 0 < value <= MAX_SECONDS:
        raise BadRequest(f"{key} must be a number of seconds above 0 and at most {MAX_SECONDS:g}")
    return float(value)


def owner_of(body: dict[str, Any]) -> str:
    """The owner's name: 1 to 200 characters."""
    value = body.get("owner")
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise BadRequest('owner must be 1 to 200 characters: {"owner": "postgres-1/42"}')
    return value


class Agent:
    """What the requests do. Each method takes the JSON body and returns (status, JSON answer)."""

    def __init__(self, bouncer: Bouncer, pauser: Pauser, follower: Follower) -> None:
        self._bouncer = bouncer
        self._pauser = pauser
        self._follower = follower

    def _named(self, body: dict[str, Any]) -> str:
        facts = self._follower.facts
        known = (facts.database, facts.read_database)
        value = body.get("database", facts.database)
        if value not in known:
            raise BadRequest(f"database must be one of {', '.join(known)}")
        return str(value)

    def _member(self, body: dict[str, Any]) -> str:
        value = body.get("address")
        if not isinstance(value, str) or value not in self._follower.facts.members:
            raise BadRequest("address must be that of a member")
        return str(value)

    def pause(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """{"owner", "leaseSeconds" = 10, "drainSeconds" = 5, "database" = the read-write one}"""
        owner = owner_of(body)
        lease = number(body, "leaseSeconds", 10.0)
        drain = number(body, "drainSeconds", 5.0)
        return 200, self._pauser.pause(owner, (self._named(body),), lease, drain)

    def resume(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """{"owner"}"""
        return 200, self._pauser.resume(owner_of(body))

    def reload(self, _: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Reads the configuration again; server connections to changed addresses are replaced."""
        self._follower.reload()
        with self._bouncer.console() as console:
            console.run("RELOAD", 5.0)
        return 200, {"reloaded": True}

    def follow(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """{"address", "seconds" = 5}: 200 once writes lead to this member, 504 if they do not yet."""
        address = self._member(body)
        if self._follower.follow(address, number(body, "seconds", 5.0)):
            return 200, self._follower.status()
        return 504, {"error": f"writes do not lead to {address} yet", **self._follower.status()}

    def leave(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """{"address", "seconds" = 30, "drainSeconds" = 5}: no more reads to this replica, which is
        about to stop, for so long. Answers when its reads have ended, or at the end of the drain."""
        address = self._member(body)
        seconds, drain = number(body, "seconds", 30.0), number(body, "drainSeconds", 5.0)
        return 200, {"left": address, "active": self._follower.leave(address, seconds, drain)}

    def come_back(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """{"address"}: the replica that left serves again."""
        address = self._member(body)
        self._follower.come_back(address)
        return 200, {"back": address}

    def status(self, _: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The lease, the pools, and how often PgBouncer was started and killed."""
        pools: list[dict[str, Any]] = []
        if self._bouncer.healthy():
            with self._bouncer.console() as console:
                pools = [
                    {
                        "database": row["database"],
                        "user": row["user"],
                        "clientsActive": row["cl_active"],
                        "clientsWaiting": row["cl_waiting"],
                        "serversActive": row["sv_active"],
                        "serversIdle": row["sv_idle"],
                        "longestWaitSeconds": row["maxwait"],
                    }
                    for row in console.run("SHOW POOLS", 1.0)
                    if row["database"] != "pgbouncer"
                ]
        return 200, {
            **self._pauser.status(),
            **self._follower.status(),
            "healthy": self._bouncer.healthy(),
            "starts": self._bouncer.starts,
            "kills": self._bouncer.kills,
            "pools": pools,
        }

    def healthz(self) -> tuple[int, dict[str, Any]]:
        """200 while PgBouncer answers; 503 when it is silent, starting or stopping."""
        healthy = self._bouncer.healthy()
        return (200 if healthy else 503), {"healthy": healthy}


def answer(action: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]],
           body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Runs the action and turns its errors into answers."""
    try:
        return action(body)
    except BadRequest as error:
        return 400, {"error": str(error)}
    except Conflict as error:
        return 409, {"paused": True, "error": f"another owner holds the lease: {error}",
                     "owner": error.owner, "remainingSeconds": round(error.remaining, 1)}
    except NotDrained as error:
        return 504, {"paused": False, "error": str(error), "activeServers": error.active}
    except AdminError as error:
        return 503, {"paused": False, "error": f"PgBouncer: {error}"}


def server(agent: Agent, token: str, port: int) -> ThreadingHTTPServer:
    """The HTTP server, bound and not yet serving."""
    gets = {"/status": agent.status}
    posts = {
        "/pause": agent.pause,
        "/resume": agent.resume,
        "/reload": agent.reload,
        "/follow": agent.follow,
        "/leave": agent.leave,
        "/back": agent.come_back,
    }

    class Handler(BaseHTTPRequestHandler):
        """One request. HTTP/1.0: one request a connection, so that no idle one holds a thread."""

        timeout = 10
        server_version = "holdfast-pooler"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._reply(*agent.healthz())
            else:
                self._act(gets)

        def do_POST(self) -> None:
            self._act(posts)

        def _act(self, actions: dict[str, Callable[..., tuple[int, dict[str, Any]]]]) -> None:
            given = self.headers.get("Authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, b"Bearer " + token.encode()):
                self._reply(401, {"error": "send the header Authorization: Bearer <token>"})
            elif self.path not in actions:
                self._reply(404, {"error": f"no such path; there are {', '.join(sorted(actions))}"})
            else:
                try:
                    body = self._body()
                except BadRequest as error:
                    self._reply(400, {"error": str(error)})
                    return
                self._reply(*answer(actions[self.path], body))

        def _body(self) -> dict[str, Any]:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                raise BadRequest(f"the body must have a Content-Length of at most {MAX_BODY_BYTES}")
            text = self.rfile.read(int(length))
            try:
                body = json.loads(text) if text.strip() else {}
            except ValueError as error:
                raise BadRequest(f"the body is not JSON: {error}") from error
            if not isinstance(body, dict):
                raise BadRequest("the body must be a JSON object")
            return body

        def _reply(self, status: int, value: dict[str, Any]) -> None:
            text = json.dumps(value).encode() + b"\n"
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if status == 401:
                    self.send_header("WWW-Authenticate", "Bearer")
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                # The caller has gone; a pause it asked for ends with its lease.
                pass

        def log_message(self, format: str, *args: object) -> None:
            """Only refusals are worth a line; health checks come every few seconds."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            if str(code) in {"401", "409", "504"}:
                print(f"holdfast-pooler: {self.command} {self.path} from "
                      f"{self.client_address[0]}: {code}", flush=True)

    http = ThreadingHTTPServer(("0.0.0.0", port), Handler)
    http.daemon_threads = True
    return http


def serve_in_background(http: ThreadingHTTPServer) -> None:
    """Serves until the process ends."""
    threading.Thread(target=http.serve_forever, name="agent", daemon=True).start()
