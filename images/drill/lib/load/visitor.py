"""A visitor of the shop: one page at a time through the edge, each on a connection of its own."""

import asyncio
from urllib.parse import urlsplit

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
                answer = await self._get()
            error = fault_of(answer)
        except TimeoutError:
            hung, error = True, "no answer in time"
        except OSError as failure:
            error = str(failure)
        self._journal.read("p", self._client, begin, self._clock.now(), hung, error)
        return error is None

    def close(self) -> None:
        """Nothing stays open between two calls."""

    async def _get(self) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._request)
            await writer.drain()
            return await reader.read(-1)
        finally:
            writer.close()


def fault_of(answer: bytes) -> str | None:
    """What is wrong with an HTTP answer, or None. Pure."""
    head, found, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode("latin-1").split("\r\n")
    words = status.split(" ", 2)
    if not found or len(words) < 2 or not words[0].startswith("HTTP/"):
        return "the connection ended before the answer"
    if words[1] != "200":
        return f"status {' '.join(words[1:])}"
    for header in headers:
        name, _, value = header.partition(":")
        if name.strip().lower() == "content-length" and len(body) < int(value):
            return f"the page ended after {len(body)} of {value.strip()} bytes"
    return None
