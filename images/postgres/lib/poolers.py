"""The poolers' agents: PAUSE as a lease, all of them or none (M15)."""

import concurrent.futures
import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence

from facts import poolers as all_poolers

AGENT_PORT = 8009
# A healthy agent answers in milliseconds; two seconds allow for a loaded host.
LOOK_SECONDS = 2.0


class PoolerRefused(Exception):
    """A pooler that is up could not pause; the text says which and why."""


class PoolerDown(Exception):
    """Nothing listens there: no pooler, so no client of one."""


def ask(
    address: str, method: str, path: str, token: str, body: dict | None, timeout: float
) -> tuple[int, dict]:
    """One request to one agent. PoolerDown when no connection can be made."""
    connection = http.client.HTTPConnection(address, AGENT_PORT, timeout=min(timeout, 0.5))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise PoolerDown(f"{address}:{AGENT_PORT}: {error}") from error
    try:
        connection.sock.settimeout(timeout)
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise PoolerRefused(f"{address} took the connection and gave no answer: {error}") from error
    finally:
        connection.close()
    try:
        answer = json.loads(text)
    except ValueError:
        answer = {"error": text[:200]}
    return response.status, answer if isinstance(answer, dict) else {}


def each(addresses: Sequence[str], work: Callable[[str], object]) -> dict:
    """Runs the same call against all at once; the result or the exception of each."""
    if not addresses:
        return {}
    with concurrent.futures.ThreadPoolExecutor(len(addresses)) as pool:
        futures = {address: pool.submit(work, address) for address in addresses}
        return {a: f.exception() or f.result() for a, f in futures.items()}


def leave(member: str, token: str, drain_seconds: float, seconds: float = 60.0) -> list[str]:
    """No pooler sends reads to this replica any more. Returns what went wrong, in sentences.

    Args:
        member: the replica's address; it is about to stop.
        drain_seconds: how long its running reads may take to end.
        seconds: how long it is left out, should it go on after all.
    """
    body = {"address": member, "seconds": seconds, "drainSeconds": drain_seconds}
    return _tell_all("/leave", token, body, drain_seconds + 2)


def come_back(member: str, token: str) -> list[str]:
    """Ends a `leave` on every pooler. Returns what went wrong, in sentences."""
    return _tell_all("/back", token, {"address": member}, 2.0)


@contextlib.contextmanager
def without(member: str, token: str, drain_seconds: float = 5.0) -> Iterator[list[str]]:
    """Keeps reads away from a replica while it restarts; yields what went wrong, in sentences."""
    faults = leave(member, token, drain_seconds)
    try:
        yield faults
    finally:
        come_back(member, token)


def _tell_all(path: str, token: str, body: dict, seconds: float) -> list[str]:
    results = each(all_poolers(), lambda a: ask(a, "POST", path, token, body, seconds))
    faults = []
    for address, result in results.items():
        if isinstance(result, PoolerDown):
            continue  # no pooler there, so nobody reads through it
        if isinstance(result, Exception):
            faults.append(f"{address}: {result}")
        elif result[0] != 200:
            faults.append(f"{address}: {result[1].get('error') or result[0]}")
        elif result[1].get("active"):
            faults.append(f"{address}: {result[1]['active']} reads still run")
    return faults


class Pause:
    """Holds all poolers paused: renews the lease until `resume`.

    Args:
        addresses: the whole range of poolers; those that do not exist are skipped.
        owner: who pauses; the agent keeps others out.
        drain_seconds: how long running transactions may take to end.
        warn: is told of poolers that are skipped.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        token: str,
        owner: str,
        drain_seconds: float,
        lease_seconds: int,
        warn: Callable[[str], None],
    ) -> None:
        self.addresses = list(addresses)
        self.token = token
        self.body = {"owner": owner, "leaseSeconds": lease_seconds, "drainSeconds": drain_seconds}
        self.drain_seconds = drain_seconds
        self.lease_seconds = lease_seconds
        self.warn = warn
        self.held: list[str] = []
        self._ended = threading.Event()
        self._renewer: threading.Thread | None = None

    def _look(self, address: str) -> None:
        """Raises PoolerDown for an absent pooler, PoolerRefused for one that is not well."""
        status, answer = ask(address, "GET", "/healthz", self.token, None, LOOK_SECONDS)
        if status != 200:
            reason = answer.get("error") or f"status {status}"
            raise PoolerRefused(f"{address} is not well: {reason}")

    def _pause_one(self, address: str, timeout: float | None = None) -> None:
        timeout = timeout or self.drain_seconds + 2
        status, answer = ask(address, "POST", "/pause", self.token, self.body, timeout)
        if status != 200:
            reason = answer.get("error") or answer.get("reason") or f"status {status}"
            raise PoolerRefused(f"{address} cannot pause: {reason}")

    def pause(self) -> None:
        """Pauses all that exist, or raises PoolerRefused with every one resumed."""
        # First who is there, and well: one that is absent or hangs must not prolong the pause of
        # the others, or begin it for nothing.
        looks = each(self.addresses, self._look)
        absent = [address for address, look in looks.items() if isinstance(look, PoolerDown)]
        for address in absent:
            self.warn(f"no pooler at {address}: skipped")
        hung = [str(look) for look in looks.values() if isinstance(look, PoolerRefused)]
        if hung:
            raise PoolerRefused("; ".join(hung))
        # Known before the first is asked: whatever ends this, they are resumed.
        self.held = [address for address in looks if address not in absent]
        results = each(self.held, self._pause_one)
        refused = [str(r) for r in results.values() if isinstance(r, PoolerRefused)]
        broken = [
            str(r)
            for r in results.values()
            if isinstance(r, Exception) and not isinstance(r, PoolerDown | PoolerRefused)
        ]
        # One that refused may have paused after all: it is resumed with the rest.
        self.held = [a for a, r in results.items() if not isinstance(r, PoolerDown)]
        if refused or broken:
            self.resume()
            raise PoolerRefused("; ".join(refused + broken))
        self._renewer = threading.Thread(target=self._renew, daemon=True)
        self._renewer.start()

    def follow(self, leader: str, seconds: float) -> list[str]:
        """Waits until the writes of every pooler held lead to this member.

        Returns the poolers that are not there after `seconds`, in sentences.
        """
        body = {"address": leader, "seconds": min(60.0, max(0.1, seconds))}
        results = each(
            self.held, lambda a: ask(a, "POST", "/follow", self.token, body, seconds + 2)
        )
        faults = []
        for address, result in results.items():
            # One that died meanwhile has no clients; it finds the leader at its next start.
            if isinstance(result, PoolerDown):
                self.warn(f"the pooler {address} is gone: {result}")
            elif isinstance(result, Exception):
                faults.append(f"{address}: {result}")
            elif result[0] != 200:
                faults.append(f"{address}: {result[1].get('error') or result[0]}")
        return faults

    def _renew(self) -> None:
        """Renews at a third of the lease: two renewals may fail."""
        while not self._ended.wait(self.lease_seconds / 3):
            # Nothing is left to drain, so an agent that is well answers at once.
            results = each(self.held, lambda a: self._pause_one(a, LOOK_SECONDS))
            for address, result in results.items():
                if isinstance(result, Exception) and not self._ended.is_set():
                    self.warn(f"the pause of {address} was not renewed: {result}")

    def resume(self) -> list[str]:
        """Lets the clients go on. Returns what went wrong; a lease ends by itself then."""
        self._ended.set()
        faults = self._resume_all()
        if self._renewer and self._renewer.is_alive():
            # A renewal that was under way may have paused again what was just resumed.
            self._renewer.join(LOOK_SECONDS + 1)
            faults = self._resume_all()
        self.held = []
        return faults

    def _resume_all(self) -> list[str]:
        owner = {"owner": self.body["owner"]}
        results = each(self.held, lambda a: ask(a, "POST", "/resume", self.token, owner, 3.0))
        faults = []
        for address, result in results.items():
            if isinstance(result, Exception):
                faults.append(f"{address}: {result}")
            elif result[0] != 200:
                faults.append(f"{address}: {result[1].get('error') or result[0]}")
        return faults
