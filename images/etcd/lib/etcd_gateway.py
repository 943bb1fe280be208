"""A small client of etcd's v3 JSON gateway: HTTP and the standard library, nothing else.

The same file serves the etcd and the postgres image (a unit test keeps the copies equal): build
contexts are one folder an image, and a client of this size is not worth a package.
"""

import base64
import http.client
import json
import time
from collections.abc import Sequence

CLIENT_PORT = 2379
NOT_ENABLED = "authentication is not enabled"


class EtcdError(Exception):
    """etcd answered with an error; `message` is its own text."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class EtcdUnreachable(EtcdError):
    """No member answered in time."""


def encode(text: str) -> str:
    """Text as the base64 that the gateway wants for keys and values."""
    return base64.b64encode(text.encode()).decode()


def decode(text: str) -> str:
    """A key or value from the gateway as text."""
    return base64.b64decode(text).decode()


def post(host: str, path: str, body: dict, token: str | None, timeout: float) -> dict:
    """One POST to one member. `timeout` in seconds, for connecting and for each read."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = token
    connection = http.client.HTTPConnection(host, CLIENT_PORT, timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise EtcdUnreachable(f"etcd at {host}:{CLIENT_PORT} does not answer: {error}") from error
    finally:
        connection.close()
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise EtcdUnreachable(f"etcd at {host} answered no JSON: {text[:200]}") from error
    if response.status != 200:
        message = answer.get("message") or answer.get("error") or text
        raise EtcdError(str(message), response.status)
    return answer


class Etcd:
    """Calls the members in turn until one answers, logging in when the cluster asks for it.

    Args:
        hosts: addresses of the members.
        user, password: the etcd user; unused while authentication is off.
        timeout: seconds for one call to one member.
    """

    def __init__(
        self, hosts: Sequence[str], user: str, password: str, timeout: float = 2.0
    ) -> None:
        if not hosts:
            raise EtcdUnreachable("no etcd member is known")
        self.hosts = list(hosts)
        self.user = user
        self.password = password
        self.timeout = timeout
        self.token: str | None = None

    def login(self) -> bool:
        """Gets a token. False when the cluster has authentication off."""
        self.token = None
        body = {"name": self.user, "password": self.password}
        try:
            self.token = self._any("/v3/auth/authenticate", body)["token"]
        except EtcdError as error:
            if NOT_ENABLED in error.message:
                return False
            raise
        return True

    def call(self, path: str, body: dict | None = None) -> dict:
        """One call; a missing or outdated token is renewed once."""
        if self.token is None:
            self.login()
        try:
            return self._any(path, body or {})
        except EtcdError as error:
            if isinstance(error, EtcdUnreachable) or not _wants_login(error.message):
                raise
            self.login()
            return self._any(path, body or {})

    def _any(self, path: str, body: dict) -> dict:
        """The first answer; a member that does not answer goes to the end of the line."""
        failure: EtcdError = EtcdUnreachable("no etcd member answered")
        for host in list(self.hosts):
            try:
                return post(host, path, body, self.token, self.timeout)
            except EtcdError as error:
                if not isinstance(error, EtcdUnreachable) and not _is_transient(error.message):
                    raise
                failure = error
                self.hosts.remove(host)
                self.hosts.append(host)
        raise EtcdUnreachable(f"no etcd member answered; the last one: {failure.message}")

    def grant_lease(self, seconds: int) -> str:
        """A lease's id. The key put with it vanishes when nobody renews it."""
        return self.call("/v3/lease/grant", {"TTL": str(seconds)})["ID"]

    def renew_lease(self, lease: str) -> bool:
        """False when the lease has run out already."""
        answer = self.call("/v3/lease/keepalive", {"ID": lease})
        return int(answer.get("result", {}).get("TTL", 0)) > 0

    def revoke_lease(self, lease: str) -> None:
        """Ends the lease and deletes its keys."""
        self.call("/v3/lease/revoke", {"ID": lease})

    def get(self, key: str) -> str | None:
        """A key's value by a linearizable read, None when it is not there."""
        pairs = self.call("/v3/kv/range", {"key": encode(key)}).get("kvs", [])
        return decode(pairs[0].get("value", "")) if pairs else None

    def put(self, key: str, value: str, lease: str = "0") -> None:
        """Sets a key, with a lease when given."""
        self.call("/v3/kv/put", {"key": encode(key), "value": encode(value), "lease": lease})

    def delete(self, key: str) -> None:
        """Deletes a key; one that is not there is fine."""
        self.call("/v3/kv/deleterange", {"key": encode(key)})

    def create(self, key: str, value: str, lease: str) -> str | None:
        """Creates the key in one transaction. None when created, else the holder's value."""
        name = encode(key)
        answer = self.call(
            "/v3/kv/txn",
            {
                "compare": [
                    {"key": name, "target": "CREATE", "result": "EQUAL", "create_revision": "0"}
                ],
                "success": [
                    {"request_put": {"key": name, "value": encode(value), "lease": lease}}
                ],
                "failure": [{"request_range": {"key": name}}],
            },
        )
        if answer.get("succeeded"):
            return None
        pairs = answer["responses"][0]["response_range"].get("kvs", [])
        return decode(pairs[0].get("value", "")) if pairs else "unknown"


def wait_for(check, seconds: float, pause: float = 0.5) -> bool:
    """True as soon as `check()` is true, False after `seconds`."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def _wants_login(message: str) -> bool:
    return any(
        part in message
        for part in ("user name is empty", "invalid auth token", "revision of auth store is old")
    )


def _is_transient(message: str) -> bool:
    """Errors of a member that cannot serve now, while another may."""
    passing = ("etcdserver: no leader", "request timed out", "leader changed", "server stopped")
    return any(part in message for part in passing)
