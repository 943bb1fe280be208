"""Patroni's REST API as Holdfast uses it: plain reads, and credentials for what changes things."""

import base64
import http.client
import json

from facts import PATRONI_PORT, secret


class PatroniError(Exception):
    """Patroni did not answer, or answered with an error; the text says which."""


def request(
    host: str, method: str, path: str, body: dict | None = None, timeout: float = 2.0
) -> tuple[int, object]:
    """One request: the status and the answer (JSON when it is JSON, else text)."""
    headers = {"Content-Type": "application/json"}
    if method != "GET":
        pair = f"holdfast:{secret('patroni-rest')}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    connection = http.client.HTTPConnection(host, PATRONI_PORT, timeout=timeout)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise PatroniError(f"Patroni at {host}:{PATRONI_PORT} does not answer: {error}") from error
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, text.strip()


def read(host: str, path: str, timeout: float = 2.0) -> dict:
    """A GET whose answer is an object, whatever its status (Patroni says its role by status)."""
    _, answer = request(host, "GET", path, timeout=timeout)
    if not isinstance(answer, dict):
        raise PatroniError(f"Patroni at {host} answered {path} with: {str(answer)[:200]}")
    return answer


def own_status(timeout: float = 2.0) -> dict:
    """This member's state as Patroni sees it."""
    return read("127.0.0.1", "/patroni", timeout)


def cluster(host: str, timeout: float = 4.0) -> dict:
    """All members, from etcd."""
    answer = read(host, "/cluster", timeout)
    if "members" not in answer:
        raise PatroniError(f"Patroni at {host} cannot read the cluster from etcd")
    return answer


def config(host: str, timeout: float = 4.0) -> dict:
    """The dynamic configuration."""
    status, answer = request(host, "GET", "/config", timeout=timeout)
    if status != 200 or not isinstance(answer, dict):
        raise PatroniError(f"Patroni at {host} has no configuration yet (status {status})")
    return answer


def change(host: str, method: str, path: str, body: dict, timeout: float) -> str:
    """A request that changes something; its text, or PatroniError with Patroni's own words."""
    status, answer = request(host, method, path, body, timeout)
    text = answer if isinstance(answer, str) else json.dumps(answer)
    if status not in (200, 202):
        raise PatroniError(f"{method} {path} at {host} was refused ({status}): {text[:300]}")
    return text


def leader_of(state: dict) -> dict | None:
    """The leader's entry of a cluster."""
    for member in state["members"]:
        if member.get("role") in ("leader", "standby_leader"):
            return member
    return None
