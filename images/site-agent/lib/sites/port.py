"""An HTTP port with pages to read and words that are carried out, served beside the loop."""

import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_port

MAX_BODY_BYTES = 4096
# Status, text and its type.
Answer = tuple[int, str, str]
# Path -> an answer to what was sent, and to its headers.
Words = Mapping[str, Callable[[bytes, Mapping[str, str]], Answer]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up early, as the health check does, is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(address: str, port: int, pages: http_port.Pages, words: Words) -> int:
    """Serves in the background until the process ends. Returns the port (0 chooses one)."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds that a caller may take

        def do_GET(self) -> None:  # noqa: N802
            page = pages.get(self.path)
            self._reply(page() if page else self._unknown(pages))

        def do_POST(self) -> None:  # noqa: N802
            word = words.get(self.path)
            length = self.headers.get("Content-Length", "0")
            if not word:
                self._reply(self._unknown(words))
            elif not length.isdigit() or int(length) > MAX_BODY_BYTES:
                self._reply((400, "too long\n", http_port.TEXT))
            else:
                self._reply(word(self.rfile.read(int(length)), self.headers))

        def _unknown(self, known: Mapping[str, object]) -> Answer:
            return 404, f"there are {', '.join(known)}\n", http_port.TEXT

        def _reply(self, answer: Answer) -> None:
            status, text, kind = answer
            body = text.encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # whoever asked has gone; what was begun goes on

        def log_message(self, format: str, *args: object) -> None:
            """Looks are no news; a change of the role is worth a line, and has one."""

    http = _Server((address, port), Handler)
    threading.Thread(target=http.serve_forever, name="http", daemon=True).start()
    return http.server_address[1]
