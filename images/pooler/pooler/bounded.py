"""A time limit on every wait of psycopg2's synchronous calls.

connect_timeout bounds connecting, statement_timeout runs in the server, and the kernel of a frozen
container acknowledges packets: none of them ends the wait for a server that was frozen meanwhile.
"""

import select
import time
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2 import extensions


def bounded(seconds: float) -> Callable[[Any], None]:
    """For psycopg2.extensions.set_wait_callback: psycopg2.OperationalError after `seconds`."""

    def wait(connection: Any) -> None:
        end = time.monotonic() + seconds
        while (state := connection.poll()) != extensions.POLL_OK:
            left = end - time.monotonic()
            if left <= 0:
                raise psycopg2.OperationalError("no answer in time")
            descriptor = connection.fileno()
            reads = [descriptor] if state == extensions.POLL_READ else []
            writes = [descriptor] if state == extensions.POLL_WRITE else []
            select.select(reads, writes, [], left)

    return wait
