"""An instance of an application, as the edge sees one: `instance.py NAME ADDRESS FOLDER`.

/healthz answers 503 while FOLDER/NAME.sick is there, and for 3 s after SIGTERM, before the end: as
app/bin/holdfast-serve does. Every other request is noted in FOLDER/NAME.seen
when it arrives (`<time> <method> <id>`), and answered after 20 ms with the instance's name.
"""

import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, ADDRESS, FOLDER = sys.argv[1:]
WORK_SECONDS = 0.02
DRAIN_SECONDS = 3
leaving = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/healthz":
            sick = leaving.is_set() or os.path.exists(f"{FOLDER}/{NAME}.sick")
            return self.answer(503 if sick else 200)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(f"{FOLDER}/{NAME}.seen", "a") as seen:
            seen.write(f"{time.time():.3f} {self.command} {self.headers['X-Request-ID']}\n")
        time.sleep(WORK_SECONDS)
        self.answer(200 if self.command == "GET" or body else 400)

    do_POST = do_GET

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(NAME)))
        self.end_headers()
        self.wfile.write(NAME.encode())

    def log_message(self, *_: object) -> None:
        """The notes are enough."""


class Server(ThreadingHTTPServer):
    daemon_threads = False  # its end waits for the requests that run
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A check that did not wait for its answer is no news."""


server = Server((ADDRESS, 8000), Handler)


def drain(*_: object) -> None:
    leaving.set()
    threading.Timer(DRAIN_SECONDS, server.shutdown).start()


signal.signal(signal.SIGTERM, drain)
server.serve_forever(poll_interval=0.1)
server.server_close()
