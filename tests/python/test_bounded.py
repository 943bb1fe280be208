"""No wait for a server lasts longer than it may."""

import socket
import sys
import time
import unittest
from pathlib import Path

from stand_ins import stand_in

stand_in()
IMAGES = Path(__file__).resolve().parents[2] / "images"
sys.path.insert(0, str(IMAGES / "pooler"))

import psycopg2  # noqa: E402
from pooler.bounded import bounded  # noqa: E402
from psycopg2 import extensions  # noqa: E402


class Connection:
    """Wants to read until the other end has written."""

    def __init__(self) -> None:
        self.ours, self.server = socket.socketpair()

    def fileno(self) -> int:
        return self.ours.fileno()

    def poll(self) -> int:
        self.ours.setblocking(False)
        try:
            return extensions.POLL_OK if self.ours.recv(1) else extensions.POLL_READ
        except BlockingIOError:
            return extensions.POLL_READ


class Bounded(unittest.TestCase):
    def test_an_answer_ends_the_wait(self) -> None:
        connection = Connection()
        connection.server.send(b"1")
        bounded(60.0)(connection)

    def test_silence_ends_it_too(self) -> None:
        begin = time.monotonic()
        with self.assertRaises(psycopg2.OperationalError):
            bounded(0.1)(Connection())
        self.assertLess(time.monotonic() - begin, 10)

    def test_both_copies_are_the_same(self) -> None:
        copies = [IMAGES / "pooler/pooler/bounded.py", IMAGES / "postgres/lib/bounded.py"]
        self.assertEqual(*(copy.read_text() for copy in copies))


if __name__ == "__main__":
    unittest.main()
