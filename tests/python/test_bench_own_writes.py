"""bench/routing's sessions against a shop of a few lines: they see what is stale and what fails."""

import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from own_writes.report import table  # noqa: E402
from own_writes.sessions import run  # noqa: E402

FORM = '<input name="csrfmiddlewaretoken" value="t"><input name="quantity-7">'


class Shop(ThreadingHTTPServer):
    """forgets: every so many orders, one is missing from the list. busy: so many orders get 503."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, forgets: int = 0, busy: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.forgets, self.busy, self.made = forgets, busy, 0
        self.lock = threading.Lock()
        self.orders: dict[str, list[int]] = {}


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shop

    def do_GET(self) -> None:
        visitor = self.headers.get("Cookie", "").partition("visitor=")[2]
        with self.server.lock:
            orders = self.server.orders.get(visitor, [])
            shown = [n for n in orders if not self.server.forgets or n % self.server.forgets]
        page = FORM if self.path == "/" else "".join(f'<a href="/orders/{n}/">' for n in shown)
        self._send(200, page, {"X-Database-Role": "replica" if self.path == "/" else "leader"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        visitor = self.headers.get("Cookie", "").partition("visitor=")[2] or str(id(self))
        with self.server.lock:
            if self.server.busy:
                self.server.busy -= 1
                return self._send(503, "", {})
            self.server.made += 1
            made = self.server.made
            self.server.orders.setdefault(visitor, []).append(made)
        fits = "quantity-7=1" in body and "csrfmiddlewaretoken=t" in body and "key=" in body
        headers = {"Location": f"/orders/{made}/", "Set-Cookie": f"visitor={visitor}; Path=/"}
        return self._send(302 if fits else 400, "", headers)

    def _send(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(text))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


class SessionsTest(unittest.TestCase):
    def measure(self, shop: Shop, pairs: int) -> dict:
        thread = threading.Thread(target=shop.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(shop.server_close)
        self.addCleanup(shop.shutdown)
        return run(("127.0.0.1", shop.server_port), 4, pairs, 30, "Ada")

    def test_a_shop_that_shows_everything(self) -> None:
        found = self.measure(Shop(), 40)
        self.assertEqual((found["pairs"], found["stale"], found["failed"]), (40, 0, {}))
        self.assertEqual(found["roles"]["my orders"], {"leader": 40})
        self.assertEqual(found["milliseconds"]["order"]["n"], 40)

    def test_a_missing_order_is_seen(self) -> None:
        found = self.measure(Shop(forgets=10), 40)
        self.assertGreaterEqual(found["stale"], 4)
        shown = table([{"condition": "one", "fallbacks": {"behind": 3}} | found], {"one": "one late"})
        self.assertIn("one late", shown)
        self.assertIn("behind 3", shown)
        self.assertIn("stale: orders ", shown)

    def test_failures_are_counted_and_made_up_for(self) -> None:
        found = self.measure(Shop(busy=3), 12)
        self.assertEqual((found["pairs"], found["failed"]), (12, {"POST 503": 3}))


if __name__ == "__main__":
    unittest.main()
