"""The running stack under bench/backups: its containers, and commands in them."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

INSIDE = (Path(__file__).resolve().parents[1] / "commands" / "bench" / "inside.py").read_text()
SOCKET = "/run/postgresql"


class Failed(Exception):
    """Something that the measurement needs did not work."""


class Stack:
    """The containers of a stack, found by their labels."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members = self._named("postgres")
        (self.backup,) = self._named("backup")[:1] or [""]
        (self.drill,) = self._named("restore-drill")[:1] or [""]
        if not (self.members and self.backup and self.drill):
            raise Failed(f"stack {name} is not up: no postgres, backup or restore-drill")
        self.leader, self.replica = "", ""
        self.look()
        if not self.leader or not self.replica:
            raise Failed(f"stack {name} has no leader, or no replica")

    def _named(self, component: str) -> list[str]:
        filters = [f"label=holdfast.stack={self.name}", f"label=holdfast.component={component}"]
        command = ["docker", "ps", "--format", "{{.Names}}"]
        for one in filters:
            command += ["--filter", one]
        return sorted(output(command).split())

    def look(self) -> None:
        """Who leads now."""
        self.leader = self.replica = ""
        for member in self.members:
            with contextlib.suppress(Failed):
                if sql(member, "SELECT pg_is_in_recovery()") == "f":
                    self.leader = member
                else:
                    self.replica = member


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command[:4])} …: {done.stderr.strip()[-400:]}")
    return done.stdout


def sql(container: str, text: str, database: str = "postgres") -> str:
    """One statement's answer."""
    command = ["docker", "exec", container, "psql", "-h", SOCKET, "-qAtX", "-v", "ON_ERROR_STOP=1"]
    return output([*command, "-c", text, database]).strip()


@contextlib.contextmanager
def started(container: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a container; it ends with this block, whatever ends the block."""
    full = ["docker", "exec", "-i", container, "python3", "-c", INSIDE, *command]
    child = subprocess.Popen(full, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        if child.stdin and not child.stdin.closed:
            child.stdin.close()
        child.wait()


def inside(container: str, *command: str) -> tuple[float, str]:
    """Seconds that a command took in a container, without Docker's own, and its output."""
    with started(container, *command) as child:
        answer = child.stdout.read() if child.stdout else ""
    try:
        body = json.loads(answer)
    except ValueError:
        raise Failed(f"{' '.join(command[:3])} … in {container} gave no answer") from None
    if body["code"] != 0:
        raise Failed(f"{' '.join(command[:3])} … in {container} ended with code {body['code']}")
    return body["seconds"], body["output"]
