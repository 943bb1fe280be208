"""The drill's HTTP clients: what an answer is, and when an order is tried again."""

import asyncio
import io
import json
import unittest

from image_paths import use

use("drill")

from load import customer as orders  # noqa: E402
from load import http  # noqa: E402
from load.journal import Journal  # noqa: E402
from load.order import Crew, Order, parse_target  # noqa: E402

TARGET = parse_target("postgresql://shop:secret@pooler-1:6432/shop")


class AnswerTest(unittest.TestCase):
    def test_a_whole_answer(self) -> None:
        answer = http.parse(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
        self.assertEqual(answer, (201, False, None))

    def test_an_error_is_a_fault_and_says_when_to_come_again(self) -> None:
        answer = http.parse(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n")
        self.assertEqual(answer, (503, True, "status 503 Service Unavailable"))
        self.assertFalse(http.parse(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").retry_after)

    def test_an_answer_that_is_not_whole_has_no_status(self) -> None:
        for text in (b"", b"HTTP/1.1 200 OK\r\nContent-Len", b"nonsense\r\n\r\n"):
            self.assertEqual(http.parse(text)[0::2], (0, "the connection ended before the answer"))
        cut = http.parse(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        self.assertEqual(cut, (0, False, "the page ended after 4 of 10 bytes"))


class Now:
    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at


class OrderTest(unittest.IsolatedAsyncioTestCase):
    """Against a server of our own that answers what the test says."""

    async def asyncSetUp(self) -> None:
        self.answers: list[bytes] = []
        self.requests: list[bytes] = []
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.out, self.clock = io.StringIO(), Now()
        self.journal = Journal(self.out)
        crew = Crew(1, 1.0)
        page = f"http://127.0.0.1:{port}/"
        order = Order("abcd", TARGET, TARGET, page, crew, crew, crew, crew, 0.5)
        self.customer = orders.Customer(1, order, self.journal, self.clock)

    async def asyncTearDown(self) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.requests.append(head + await reader.readexactly(length))
        answer = self.answers.pop(0)
        if answer == b"hang":
            await reader.read()  # until the other side has had enough
        writer.write(answer)
        writer.close()

    def keys(self) -> list[str]:
        return [r.split(b"Idempotency-Key: ")[1].split(b"\r\n")[0].decode() for r in self.requests]

    def lines(self) -> list[str]:
        self.journal.flush()
        return self.out.getvalue().splitlines()

    async def test_an_order_is_json_with_its_key_and_the_next_one_has_another(self) -> None:
        self.answers = [b"HTTP/1.1 201 Created\r\n\r\n"] * 2
        self.assertTrue(await self.customer.call())
        self.assertTrue(await self.customer.call())
        self.assertEqual(self.keys(), ["drill-abcd-1-1", "drill-abcd-1-2"])
        body = json.loads(self.requests[0].split(b"\r\n\r\n")[1])
        self.assertEqual(body["customer"], "drill abcd 1")
        self.assertEqual(self.lines()[0], "o 1 1 100.0000 100.0000 201 - - -")

    async def test_what_was_not_confirmed_is_tried_again_with_the_same_key(self) -> None:
        self.answers = [
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n",
            b"",
            b"hang",
            b"HTTP/1.1 200 OK\r\n\r\n",
        ]
        went = [await self.customer.call() for _ in range(4)]
        self.assertEqual(went, [False, False, False, True])
        self.assertEqual(set(self.keys()), {"drill-abcd-1-1"})
        self.assertEqual(
            [line.split(" ", 5)[5] for line in self.lines()],
            [
                "503 a - status 503 Service Unavailable",
                "0 - - the connection ended before the answer",
                "0 - h no answer in time",
                "200 - - -",
            ],
        )

    async def test_it_is_given_up_in_the_end(self) -> None:
        self.answers = [b"HTTP/1.1 502 Bad Gateway\r\n\r\n"] * 3
        await self.customer.call()
        self.clock.at += orders.GIVE_UP_SECONDS
        await self.customer.call()
        self.clock.at += 0.1
        await self.customer.call()
        self.assertEqual(self.keys(), ["drill-abcd-1-1"] * 2 + ["drill-abcd-1-2"])


if __name__ == "__main__":
    unittest.main()
