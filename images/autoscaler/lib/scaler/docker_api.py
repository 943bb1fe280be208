"""What the autoscaler asks Docker: a list, and start, stop and kill of its own tier's containers.

Through a proxy that lets nothing else pass (templates/docker-proxy/haproxy.cfg.ts). Containers are
named as they are called, for that is what the proxy can check.
"""

import json
import re
import urllib.parse
from collections.abc import Mapping

from docker_socket import DockerError, DockerSocket, explain
from scaler.instances import Instance

# The list's status says what else would take an inspection of each, a right that is not needed so:
# the health check's result, "Up 3 minutes (healthy)" ...
HEALTH = re.compile(r"\((healthy|unhealthy|health: starting)\)")
# ... and the age: "Up Less than a second", "Up 7 seconds", then "Up About a minute", "Up 3 minutes", ...
AGE = re.compile(r"^Up (?:(Less than a second)|(\d+) seconds?)\b")
# A stop waits for the instance's goodbye (drain, the longest request, a reserve).
STOP_SECONDS = 180.0
KILL_SECONDS = 20.0
START_SECONDS = 30.0


class Docker:
    """Docker's API. prefix: of the containers' names, e.g. `holdfast-dev-a-app-`."""

    def __init__(self, path: str, timeout: float, prefix: str) -> None:
        self._socket = DockerSocket(path, timeout)
        self._slow = {
            "start": DockerSocket(path, START_SECONDS),
            "stop": DockerSocket(path, STOP_SECONDS),
            "kill": DockerSocket(path, KILL_SECONDS),
        }
        self._prefix = prefix

    def list(self, labels: Mapping[str, str]) -> dict[int, Instance]:
        """Every instance with a container, by number."""
        wanted = {"label": [f"{key}={value}" for key, value in labels.items()]}
        filters = urllib.parse.quote(json.dumps(wanted, separators=(",", ":")), safe="")
        status, answer = self._socket.request("GET", f"/containers/json?all=1&filters={filters}")
        if status != 200 or not isinstance(answer, list):
            raise DockerError(f"listing containers: {explain(status, answer)}")
        try:
            found = [self._instance(entry) for entry in answer]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DockerError(f"listing containers: unexpected answer ({error!r})") from error
        return {one.number: one for one in found if one is not None}

    def start(self, number: int) -> None:
        self._act("start", number, 204, 304)

    def stop(self, number: int) -> None:
        """Asks it to end, and waits: the container's own stop timeout counts."""
        self._act("stop", number, 204, 304)

    def kill(self, number: int) -> None:
        """Ends it at once, a paused one too. 409: it does not run any more."""
        self._act("kill", number, 204, 409)

    def _act(self, call: str, number: int, *good: int) -> None:
        path = f"/containers/{self._prefix}{number}/{call}"
        status, answer = self._slow[call].request("POST", path)
        if status not in good:
            raise DockerError(f"{call} of app-{number}: {explain(status, answer)}")

    def _instance(self, entry: dict) -> Instance | None:
        """None for a container that has the labels and another name: the proxy would refuse it."""
        names = [name.removeprefix("/") for name in entry["Names"]]
        number = int((entry["Labels"] or {})["holdfast.instance"])
        if f"{self._prefix}{number}" not in names:
            return None
        return Instance(
            number, str(entry["Id"]), str(entry["State"]), *status_of(entry.get("Status") or "")
        )


def status_of(status: str) -> tuple[str, float | None]:
    """Health ("" for none) and age in seconds (None for a minute or more) from Docker's words."""
    health, age = HEALTH.search(status), AGE.match(status)
    word = health[1].removeprefix("health: ") if health else ""
    return word, float(age[2] or 0) if age else None
