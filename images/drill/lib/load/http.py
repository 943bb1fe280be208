"""One HTTP request on a connection of its own, and what came back."""

import asyncio
from typing import NamedTuple


class Answer(NamedTuple):
    """`status` is 0 when the answer was not whole; `fault` then says what was wrong."""

    status: int
    retry_after: bool
    fault: str | None


async def exchange(host: str, port: int, request: bytes) -> Answer:
    """Sends a request that asks for the connection's end. Raises OSError."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        await writer.drain()
        return parse(await reader.read(-1))
    finally:
        writer.close()


def parse(answer: bytes) -> Answer:
    """An answer that ended with its connection. Pure."""
    head, found, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    words = status.split(" ", 2)
    if not found or len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        return Answer(0, False, "the connection ended before the answer")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "")
    if length.isdigit() and len(body) < int(length):
        return Answer(0, False, f"the page ended after {len(body)} of {length} bytes")
    fault = None if words[1][0] == "2" else f"status {' '.join(words[1:])}"
    return Answer(int(words[1]), "retry-after" in headers, fault)
