"""Passes on what Patroni and PostgreSQL write, and remembers why they ended.

PostgreSQL writes its reasons to standard error and nowhere else. While a database is restored this
stands between; it ends only with the container, for PostgreSQL keeps its end for good.
"""

import os
import re
import threading
from collections import deque
from collections.abc import Callable

# Patroni and its clients say a lot while PostgreSQL recovers.
LINES = 400
TELLING = re.compile(r"\b(FATAL|PANIC|ERROR|HINT|DETAIL|LOG):\s+(.*)")
# What clients who come too early are told is no reason.
ABOUT_CLIENTS = ("the database system is", "Hot standby mode is disabled")
RESTORED = re.compile(r'restored log file "([0-9A-F]{24})" from archive')


def words(lines: list[str], most: int = 4) -> str:
    """The last reasons in these lines: FATAL, PANIC and what explains them, else ERROR. Pure."""
    found = [
        one for one in map(TELLING.search, lines) if one and not one[2].startswith(ABOUT_CLIENTS)
    ]
    for levels in (("FATAL", "PANIC"), ("ERROR",)):
        kept = [
            one[2].strip()
            for index, one in enumerate(found)
            if one[1] in levels
            or (one[1] in ("HINT", "DETAIL") and index and found[index - 1][1] in levels)
        ]
        if kept:
            return "; ".join(dict.fromkeys(kept[-most:]))
    return ""


class LogTap:
    """A pipe whose reader copies to standard error.

    Args:
        on_segment: is told of each WAL segment that recovery gets from the archive.
    """

    def __init__(self, on_segment: Callable[[str], None] = lambda _: None) -> None:
        self._read, self.write = os.pipe()
        self._on_segment = on_segment
        self._lines: deque[str] = deque(maxlen=LINES)
        self._rest = b""
        threading.Thread(target=self._copy, name="log-tap", daemon=True).start()

    def words(self) -> str:
        return words(list(self._lines))

    def _copy(self) -> None:
        # A reader that ended would stop PostgreSQL with its next line: nothing here may raise.
        while True:
            try:
                part = os.read(self._read, 65536)
                if not part:
                    return
                os.write(2, part)
                self._remember(part)
            except Exception:  # noqa: BLE001
                continue

    def _remember(self, part: bytes) -> None:
        *lines, self._rest = (self._rest + part)[-262144:].split(b"\n")
        for line in lines:
            text = line.decode(errors="replace")
            self._lines.append(text)
            if found := RESTORED.search(text):
                self._on_segment(found[1])
