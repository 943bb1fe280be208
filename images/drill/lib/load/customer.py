"""A customer of the shop: orders through the edge, each with an Idempotency-Key of its own.

A call is one try. What did not come to an answer of 200 or 201 is tried again with the same key at
the client's next instant, as a person would press the button again, for GIVE_UP_SECONDS at most.
"""

import asyncio
import json
from urllib.parse import urlsplit

from load.http import Answer, exchange
from load.journal import Clock, Journal
from load.order import Order

# Longer than any promised outage of writes (60 s after the loss of a whole host).
GIVE_UP_SECONDS = 75.0
CONFIRMED = (200, 201)


class Customer:
    """POST /api/orders of one piece of the same product, one order at a time."""

    def __init__(self, client: int, order: Order, journal: Journal, clock: Clock) -> None:
        self._client = client
        self._run = order.run
        self._seconds = order.call_seconds
        self._journal = journal
        self._clock = clock
        parts = urlsplit(order.page)
        self._host, self._port, self._name = parts.hostname or "", parts.port or 80, parts.netloc
        self._number = 0
        self._since: float | None = None

    async def call(self) -> bool:
        begin = self._clock.now()
        if self._since is None or begin - self._since > GIVE_UP_SECONDS:
            self._number += 1
            self._since = begin
        hung = False
        try:
            async with asyncio.timeout(self._seconds):
                answer = await exchange(self._host, self._port, self._request())
        except TimeoutError:
            hung, answer = True, Answer(0, False, "no answer in time")
        except OSError as failure:
            answer = Answer(0, False, str(failure) or type(failure).__name__)
        confirmed = answer.status in CONFIRMED
        if confirmed:
            self._since = None
        self._journal.order(
            self._client, self._number, begin, self._clock.now(), answer.status,
            answer.retry_after, hung, answer.fault,
        )
        return confirmed

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _request(self) -> bytes:
        """One write for head and body. `customer` and key name the run: see ordersTable.ts."""
        body = json.dumps(
            {
                "product": "storm-lantern",
                "quantity": 1,
                "customer": f"drill {self._run} {self._client}",
            }
        )
        head = (
            f"POST /api/orders HTTP/1.1\r\nHost: {self._name}\r\nUser-Agent: holdfast-drill\r\n"
            f"Idempotency-Key: drill-{self._run}-{self._client}-{self._number}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        return (head + body).encode()
