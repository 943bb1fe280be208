"""A visitor of the shop: one page at a time through the edge, each on a connection of its own."""

import asyncio
from urllib.parse import urlsplit

from load.http import exchange
from load.journal import Clock, Journal
from load.order import Order


class Visitor:
    """GET of a page that reads the database. Anything but 200 is a failure."""

    def __init__(self, client: int, order: Order, journal: Journal, clock: Clock) -> None:
        self._client = client
        self._seconds = order.call_seconds
        self._journal = journal
        self._clock = clock
        parts = urlsplit(order.page)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._request = (
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "User-Agent: holdfast-drill\r\nConnection: close\r\n\r\n"
        ).encode()

    async def call(self) -> bool:
        begin = self._clock.now()
        hung, error = False, None
        try:
            async with asyncio.timeout(self._seconds):
                answer = await exchange(self._host, self._port, self._request)
            error = answer.fault
            if error is None and answer.status != 200:
                error = f"status {answer.status}"
        except TimeoutError:
            hung, error = True, "no answer in time"
        except OSError as failure:
            error = str(failure) or type(failure).__name__
        self._journal.read("p", self._client, begin, self._clock.now(), hung, error)
        return error is None

    def close(self) -> None:
        """Nothing stays open between two calls."""
