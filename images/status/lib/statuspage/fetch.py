"""One GET for JSON, within a time and a size. No redirects, no proxies, nothing but reading."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

# The largest answer is a week of every chart, some 200 KiB; more is not what was asked for.
MAX_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


class Unanswered(Exception):
    """Nobody answered, or not with what was asked for; says which."""


def get_json(address: str, path: str, seconds: float) -> Any:
    """The answer of http://<address><path> as JSON. `seconds`: for all of it, not for each packet.

    Raises Unanswered.
    """
    deadline = time.monotonic() + seconds
    connection = http.client.HTTPConnection(address, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        with connection.getresponse() as answer:
            body = _read(answer, connection, deadline)
        if answer.status != 200:
            raise Unanswered(f"answers {answer.status}")
        return json.loads(body)
    except TimeoutError as error:
        raise Unanswered(f"no answer within {seconds:.0f} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(getattr(error, "strerror", None) or type(error).__name__) from error
    except ValueError as error:
        raise Unanswered("answers no JSON") from error
    finally:
        connection.close()


def _read(
    answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float
) -> bytes:
    parts: list[bytes] = []
    held = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(left)
        part = answer.read1(CHUNK_BYTES)
        if not part:
            return b"".join(parts)
        held += len(part)
        if held > MAX_BYTES:
            raise Unanswered(f"answers more than {MAX_BYTES} bytes")
        parts.append(part)
