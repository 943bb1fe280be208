"""The other site's agent, asked through the link once a second in a thread of its own."""

import http.client
import json
import threading
import time

from sites import word
from sites.rules import Other

PORT = 9857
ANSWER_SECONDS = 3.0
POLL_SECONDS = 1.0


class Peer:
    """Keeps what it last said. `own` asks, and signs with `key` when it wants more than a look."""

    def __init__(self, link: str, site: str, own: str, key: str) -> None:
        self._link, self._site, self._own, self._key = link, site, own, key
        self._lock = threading.Lock()
        self._last: Other | None = None
        self._forks: list[tuple[int, int]] = []
        self.answers = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="peer", daemon=True).start()

    def last(self) -> Other | None:
        """What it last said, however long ago."""
        with self._lock:
            return self._last

    def now(self, fresh_seconds: float = 4.0) -> Other | None:
        """The same, unless it is older than a few looks."""
        last = self.last()
        return last if last and time.monotonic() - last.at <= fresh_seconds else None

    def forks(self) -> list[tuple[int, int]]:
        """Where the other site's timelines ended."""
        with self._lock:
            return list(self._forks)

    def confirm(self, epoch: int) -> int | None:
        """Asks it to confirm that this site is active, which was so with this epoch.

        Returns the epoch that it wrote down for that; None when it does not, or no answer arrives.
        """
        body, headers = word.question(self._own, epoch, self._key)
        answer = self._call("POST", word.PATH, body, headers)
        found = (answer or {}).get("epoch")
        return found if isinstance(found, int) else None

    def _run(self) -> None:
        while True:
            self.look()
            time.sleep(POLL_SECONDS)

    def look(self) -> None:
        """Asks once."""
        at = time.monotonic()
        body = self._call("GET", "/state")
        found = parse(body, self._site, at) if body is not None else None
        with self._lock:
            self.answers = found is not None
            if found is not None and body is not None:
                self._last = found
                self._forks = [(int(a), int(b)) for a, b in body.get("forks") or []]

    def _call(
        self, method: str, path: str, sent: bytes | None = None, headers: dict[str, str] | None = None
    ) -> dict | None:
        connection = http.client.HTTPConnection(self._link, PORT, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, sent, headers or {})
            response = connection.getresponse()
            body = json.loads(response.read())
            return body if response.status == 200 and isinstance(body, dict) else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()


def parse(body: dict, site: str, at: float) -> Other | None:
    """Its answer, None for what is none of that site. Pure."""
    try:
        if body["site"] != site:
            return None
        active = body.get("active")
        position = body.get("position")
        return Other(
            site=site,
            role=str(body["role"]),
            epoch=int(body["epoch"]),
            active=active if isinstance(active, str) else None,
            at=at,
            lsn=position if isinstance(position, int) and position > 0 else None,
        )
    except (KeyError, TypeError, ValueError):
        return None
