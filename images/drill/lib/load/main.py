"""Starts the clients, listens on stdin, and ends in order.

stdin: one line of JSON (order.py), then `mark <text>` and `stop`. End of input stops as well, so
that nothing stays when the launcher is gone. stdout: journal.py. stderr: what it cannot do.
"""

import asyncio
import os
import sys
from collections.abc import Iterator

from load.clients import Reader, Writer, paced
from load.customer import Customer
from load.journal import Clock, Journal
from load.order import Order, OrderError, parse_order
from load.visitor import Visitor

# Nobody's drill is longer; a load that was forgotten must not fill a disk.
LONGEST_SECONDS = 15 * 60


def main() -> int:
    """The exit code: 0 for an ordinary end, 2 for a wrong order."""
    words = Input(sys.stdin.fileno())
    try:
        order = parse_order(words.first_line())
    except OrderError as error:
        print(f"holdfast-load: {error}", file=sys.stderr)
        return 2
    asyncio.run(_work(order, words))
    return 0


class Input:
    """stdin by lines, without Python's own buffer: that would hide lines from the event loop."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._rest = b""

    def first_line(self) -> str:
        """Waits for it; what came of the end of input is an empty line."""
        while b"\n" not in self._rest and not self.ended:
            self._fill()
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace")

    def lines(self) -> Iterator[str]:
        """Those that are complete by now, after one read."""
        self._fill()
        *lines, self._rest = self._rest.split(b"\n")
        return (line.decode("utf-8", "replace").strip() for line in lines)

    def _fill(self) -> None:
        chunk = os.read(self.descriptor, 65536)
        self.ended = not chunk
        self._rest += chunk


async def _work(order: Order, words: Input) -> None:
    clock, journal, stopping = Clock(), Journal(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for line in words.lines():
            verb, _, text = line.partition(" ")
            if verb == "mark":
                journal.mark(clock.now(), text)
            elif verb == "stop":
                stopping.set()
        if words.ended:
            stopping.set()
            loop.remove_reader(words.descriptor)

    loop.add_reader(words.descriptor, listen)
    loop.call_later(LONGEST_SECONDS, stopping.set)
    flusher = asyncio.create_task(journal.flush_for_ever())
    journal.bound("begin", clock.now())
    kinds = [
        (order.writers, Writer),
        (order.readers, Reader),
        (order.pages, Visitor),
        (order.orders, Customer),
    ]
    clients = [
        (crew, number, kind(number, order, journal, clock))
        for crew, kind in kinds
        for number in range(1, crew.clients + 1)
    ]
    # Each ends with its open call, which has a deadline of its own.
    await asyncio.gather(
        *(paced(crew, number, stopping, client.call) for crew, number, client in clients)
    )
    for _, _, client in clients:
        client.close()
    loop.remove_reader(words.descriptor)
    flusher.cancel()
    journal.bound("end", clock.now())
    journal.flush()
