#!/usr/bin/python3 -IS
"""Health of this member (M14), for Docker's HEALTHCHECK. Runs every second or two: few imports.

healthy = leader (with a synchronous standby as soon as any replica streams), or a replica that
streams and is listed in /sync, or is to leave; or no peer's Patroni answers and this one's own does
(so a first start, or one after a power loss, is not held up by members that do not exist yet).
Environment: HOLDFAST_PEERS, addresses of the whole range of members (absent ones are fine).
"""

import json
import os
import select
import socket
import sys
import time

PORT = 8008
OWN_SECONDS = 2.0
# An address nobody has never answers; 0.5 s is long for one that does.
PEER_SECONDS = 0.5
RESTORE_STATE = "/var/lib/postgresql/restore/state.json"


def judge(own: dict, standby_cluster: bool = False) -> tuple[bool, str]:
    """Fully joined or not, from this member's own /patroni answer. Pure."""
    state = own.get("state")
    if state != "running":
        return False, f"PostgreSQL is {state}"
    if own.get("role") in ("primary", "master"):
        streaming = [r for r in own.get("replication") or [] if r.get("state") == "streaming"]
        synced = [r for r in streaming if r.get("sync_state") in ("sync", "quorum")]
        if streaming and not synced and own.get("synchronous", True):
            return False, "leader, but no streaming replica is synchronous yet"
        return True, f"leader, {len(synced)} synchronous of {len(streaming)} streaming replicas"
    if own.get("role") == "standby_leader":
        # It has its copy. Whether the link to the other site stands is no illness of this member, and
        # must not hold up an `up`: an alert says it.
        return True, f"standby leader, {own.get('replication_state') or 'not receiving'}"
    if own.get("replication_state") != "streaming":
        return False, f"replica, {own.get('replication_state') or 'not receiving'}"
    tags = own.get("tags") or {}
    if tags.get("nofailover") and tags.get("nosync"):
        # Told to leave (leaving.py): it will never be in /sync again. nosync alone is Patroni's own,
        # of a replica that it is about to restart.
        return True, "replica, streaming, leaves the cluster"
    if own.get("quorum_standby") or own.get("sync_standby"):
        return True, "replica, streaming and synchronous"
    if standby_cluster:
        return True, "replica of a standby leader, streaming"
    return False, "replica, streaming, not in /sync yet"


def get(address: str, path: str, seconds: float) -> bytes:
    """The body of a GET; empty when there is no answer in time."""
    end = time.monotonic() + seconds
    answer = b""
    try:
        with socket.create_connection((address, PORT), seconds) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            while (left := end - time.monotonic()) > 0:
                connection.settimeout(left)
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
    except OSError:
        return b""
    return answer.partition(b"\r\n\r\n")[2]


def as_object(body: bytes) -> dict:
    """JSON or an empty object."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def any_answers(addresses: list[str], seconds: float = PEER_SECONDS) -> bool:
    """True as soon as one of these answers HTTP; all are asked at once."""
    poll = select.poll()
    sockets = {}
    for address in addresses:
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((address, PORT))
        sockets[connection.fileno()] = connection
        poll.register(connection, select.POLLOUT)
    end = time.monotonic() + seconds
    while sockets and (left := end - time.monotonic()) > 0:
        for number, event in poll.poll(left * 1000):
            connection = sockets[number]
            try:
                if event & (select.POLLERR | select.POLLHUP):
                    raise OSError
                if event & select.POLLOUT:
                    connection.send(b"GET /liveness HTTP/1.0\r\n\r\n")
                    poll.modify(connection, select.POLLIN)
                elif connection.recv(16).startswith(b"HTTP/"):
                    return True
                else:
                    raise OSError
            except OSError:
                poll.unregister(number)
                del sockets[number]
    return False


def restoring(file: str = RESTORE_STATE) -> str:
    """What keeps Patroni from running here on purpose, empty when nothing does."""
    try:
        with open(file, "rb") as state:
            found = as_object(state.read())
    except OSError:
        return ""
    phase = found.get("phase")
    return "" if phase in (None, "none", "done") else f"restore: {phase}: {found.get('detail')}"


def peers() -> list[str]:
    """The addresses of the others."""
    own = os.environ.get("HOLDFAST_MEMBER", "")
    parts = os.environ.get("HOLDFAST_PEERS", "").split(",")
    named = [part.strip().rpartition("=") for part in parts]
    own_address = os.environ.get("HOLDFAST_ADDRESS", "")
    return [a for name, _, a in named if a and name != own and a != own_address]


def main() -> int:
    own = as_object(get("127.0.0.1", "/patroni", OWN_SECONDS))
    if not own:
        print(restoring() or "Patroni does not answer")
        return 1
    healthy, reason = judge(own)
    if not healthy and own.get("state") == "running":
        settings = as_object(get("127.0.0.1", "/config", OWN_SECONDS))
        own["synchronous"] = settings.get("synchronous_mode") not in (None, False, "off")
        joined = bool(settings.get("standby_cluster")) or not own["synchronous"]
        healthy, reason = judge(own, joined)
    if not healthy and not any_answers(peers()):
        healthy, reason = True, f"no peer answers; {reason}"
    print(reason)
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
