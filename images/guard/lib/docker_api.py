"""What the guard asks Docker: three reads, over the proxy's unix socket."""

import http.client
import json
import urllib.parse
from collections.abc import Iterator, Mapping

from decide import Container, Listed
from docker_socket import DockerError, DockerSocket, UnixConnection, explain, field, words


class Docker:
    """Docker's API, reading only. Paths name no API version: each daemon answers in its own, and
    the few fields used here are the same in all of them.

    Args:
        path: the proxy's socket.
        timeout: seconds for connecting and for each read.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._socket = DockerSocket(path, timeout)

    def list(self, labels: Mapping[str, str]) -> list[Listed]:
        """Every container with these labels, running or not."""
        filters = _filters({"label": [f"{key}={value}" for key, value in labels.items()]})
        status, answer = self._socket.request("GET", f"/containers/json?all=1&filters={filters}")
        if status != 200 or not isinstance(answer, list):
            raise DockerError(f"listing containers: {explain(status, answer)}")
        try:
            return [_listed(entry) for entry in answer]
        except (KeyError, TypeError, AttributeError) as error:
            raise DockerError(f"listing containers: unexpected answer ({error!r})") from error

    def inspect(self, id: str) -> Container | None:
        """One container; None when Docker itself says that there is none."""
        status, answer = self._socket.request("GET", f"/containers/{id}/json")
        # A 404 of anybody between Docker and here proves nothing.
        if status == 404 and "No such container" in str(field(answer, "message")):
            return None
        if status != 200:
            raise DockerError(f"inspecting {id[:12]}: {explain(status, answer)}")
        try:
            return _container(answer, id)
        except (KeyError, TypeError, ValueError) as error:
            raise DockerError(f"inspecting {id[:12]}: unexpected answer ({error!r})") from error

    def deaths(self, labels: Mapping[str, str], patience: float) -> Iterator[None]:
        """Yields when a container with these labels ends; stops after `patience` quiet seconds."""
        filters = _filters(
            {
                "type": ["container"],
                "event": ["die", "destroy"],
                "label": [f"{key}={value}" for key, value in labels.items()],
            }
        )
        connection = UnixConnection(self._socket.path, patience)
        try:
            connection.request("GET", f"/events?filters={filters}")
            response = connection.getresponse()
            if response.status != 200:
                raise DockerError(f"following events: {response.status}")
            while response.readline():
                yield None
        except TimeoutError:
            return
        except (OSError, http.client.HTTPException) as error:
            raise DockerError(f"following events: {words(error)}") from error
        finally:
            connection.close()


def _filters(filters: Mapping[str, list[str]]) -> str:
    return urllib.parse.quote(json.dumps(filters, separators=(",", ":")), safe="")


def _listed(entry: dict) -> Listed:
    labels = entry["Labels"] or {}
    component, instance = labels.get("holdfast.component"), labels.get("holdfast.instance")
    member = f"{component}-{instance}" if component and instance else ""
    return Listed(str(entry["Id"]), str(entry["State"]), member)


def _container(answer: object, id: str) -> Container:
    if not isinstance(answer, dict) or answer["Id"] != id:
        raise ValueError("another container was described")
    state = answer["State"]
    return Container(
        id=id,
        status=str(state["Status"]),
        running=state["Running"] is not False,
        paused=state["Paused"] is not False,
        restarting=state["Restarting"] is not False,
        pid=int(state["Pid"]),
        started_at=str(state["StartedAt"]),
    )
