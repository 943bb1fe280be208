"""One line for each call and mark, on stdout, flushed at short intervals."""

import asyncio
import sys
import time
from typing import TextIO

# The launcher looks for the first acknowledged write after a fault: it sees it this late at most.
FLUSH_SECONDS = 0.04
# One line each; nobody reads more of an error.
_LONGEST_ERROR = 160


class Clock:
    """Seconds since 1970 that never jump: read from the wall once, monotonic from there."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return time.monotonic() + self._offset


class Journal:
    """What the load saw. Lines:

    begin <at>
    w <client> <sequence> <begin> <end> <a|r|u> <timeline|-> <server|-> <h|-> <error|->
    r <client> <begin> <end> <1|0> <h|-> <error|->         a read of the read pool
    p <client> <begin> <end> <1|0> <h|-> <error|->         a page through the edge
    o <client> <number> <begin> <end> <status> <a|-> <h|-> <error|->
                                                           a try of an order; status 0: no answer,
                                                           a: it has Retry-After
    m <at> <text>                                          a mark
    end <at>                                               every call has ended
    """

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._lines: list[str] = []

    def bound(self, word: str, at: float) -> None:
        self._lines.append(f"{word} {at:.4f}")

    def write(
        self, client: int, sequence: int, begin: float, end: float, outcome: str,
        timeline: int | None, server: str | None, hung: bool, error: str | None,
    ) -> None:
        self._lines.append(
            f"w {client} {sequence} {begin:.4f} {end:.4f} {outcome} {timeline or '-'} "
            f"{server or '-'} {_flag(hung)} {shorten(error)}"
        )

    def read(
        self, kind: str, client: int, begin: float, end: float, hung: bool, error: str | None
    ) -> None:
        """A call of kind `r` or `p`; without an error it was answered."""
        ok = 1 if error is None else 0
        self._lines.append(
            f"{kind} {client} {begin:.4f} {end:.4f} {ok} {_flag(hung)} {shorten(error)}"
        )

    def order(
        self, client: int, number: int, begin: float, end: float, status: int, retry_after: bool,
        hung: bool, error: str | None,
    ) -> None:
        self._lines.append(
            f"o {client} {number} {begin:.4f} {end:.4f} {status} {'a' if retry_after else '-'} "
            f"{_flag(hung)} {shorten(error)}"
        )

    def mark(self, at: float, text: str) -> None:
        self._lines.append(f"m {at:.4f} {' '.join(text.split())}")

    def flush(self) -> None:
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            self._lines.clear()
            self._out.write(text)
            self._out.flush()

    async def flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.flush()


def shorten(error: str | None) -> str:
    """An error as the end of a line: one line, not long, `-` for none."""
    return "-" if error is None else " ".join(error.split())[:_LONGEST_ERROR] or "no message"


def _flag(hung: bool) -> str:
    return "h" if hung else "-"
