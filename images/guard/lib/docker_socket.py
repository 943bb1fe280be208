"""HTTP to Docker over a unix socket, with the standard library alone.

The same file serves the guard and the autoscaler (a unit test keeps the copies equal): build
contexts are one folder an image.
"""

import http.client
import json
import socket

MAX_ANSWER_BYTES = 8 * 1024 * 1024


class DockerError(Exception):
    """Docker did not answer, or not with what was asked for."""


class UnixConnection(http.client.HTTPConnection):
    """A connection to the socket at `path`; `timeout` in seconds, for each step."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class DockerSocket:
    """One call, one connection. Paths name no API version: each daemon answers in its own.

    Args:
        path: the proxy's socket.
        timeout: seconds for connecting and for each read.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self.path = path
        self.timeout = timeout

    def request(self, method: str, path: str) -> tuple[int, object]:
        """Status and JSON of the answer; None where it has none. Never sends a body, nor a length:
        the proxy refuses both."""
        connection = UnixConnection(self.path, self.timeout)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            connection.endheaders()
            response = connection.getresponse()
            text = response.read(MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise DockerError(words(error)) from error
        finally:
            connection.close()
        if not text:
            return response.status, None
        try:
            return response.status, json.loads(text)
        except ValueError:
            # The proxy's own answers are HTML; a cut answer is not JSON either.
            return response.status if response.status >= 400 else 502, None


def field(answer: object, name: str) -> object:
    """One field of an answer, None where there is none."""
    return answer.get(name) if isinstance(answer, dict) else None


def explain(status: int, answer: object) -> str:
    """An answer nobody wanted, in a few words."""
    return f"{status} {field(answer, 'message') or ''}".strip()


def words(error: Exception) -> str:
    """An exception's text, its name where it has none."""
    return str(error) or type(error).__name__
