"""Carries out starts, stops and mends beside the loop: a stop takes as long as the longest request."""

import threading
from collections.abc import Callable
from typing import Protocol

from docker_socket import DockerError


class Containers(Protocol):
    """What is asked of Docker."""

    def start(self, number: int) -> None: ...
    def stop(self, number: int) -> None: ...
    def kill(self, number: int) -> None: ...


class Hands:
    """At most one thing at a time for each instance; `busy` says which (number -> what)."""

    def __init__(self, docker: Containers, say: Callable[[str], None]) -> None:
        self._docker = docker
        self._say = say
        self._busy: dict[int, str] = {}
        self._lock = threading.Lock()
        self.failures = 0

    @property
    def busy(self) -> dict[int, str]:
        with self._lock:
            return dict(self._busy)

    def begin(self, what: str, number: int) -> None:
        """start, stop, or mend: kill, which ends a hung or paused one too, and start."""
        with self._lock:
            if number in self._busy:
                return
            self._busy[number] = what
        work = threading.Thread(target=self._work, args=(what, number), daemon=True)
        work.start()

    def _work(self, what: str, number: int) -> None:
        try:
            if what == "stop":
                self._docker.stop(number)
            else:
                if what == "mend":
                    self._docker.kill(number)
                self._docker.start(number)
        except DockerError as error:
            self.failures += 1
            self._say(f"app-{number}: {error}")
        finally:
            with self._lock:
                del self._busy[number]
