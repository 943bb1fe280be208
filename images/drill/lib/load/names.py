"""Asks for a name as any client does, four times a second, and prints each new answer.

A line: seconds since 1970, and the addresses in order, with commas; `-` for none.
"""

import socket
import sys
import time
from collections.abc import Callable

INTERVAL_SECONDS = 0.25
# As a load: what was forgotten ends by itself.
LONGEST_SECONDS = 15 * 60


def addresses(name: str) -> str:
    """What a client would connect to, by the container's own resolver."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return "-"
    return ",".join(sorted({str(entry[4][0]) for entry in found})) or "-"


def watch(
    name: str, ask: Callable[[str], str], say: Callable[[str], None],
    clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep,
) -> None:  # fmt: skip
    """Says the first answer, and each that differs from the one before."""
    end, before = clock() + LONGEST_SECONDS, ""
    while clock() < end:
        answer = ask(name)
        if answer != before:
            say(f"{clock():.3f} {answer}")
            before = answer
        sleep(INTERVAL_SECONDS)


def main(given: list[str]) -> int:
    if len(given) != 1:
        print("usage: holdfast-names NAME", file=sys.stderr)
        return 2
    watch(given[0], addresses, lambda line: print(line, flush=True))
    return 0
