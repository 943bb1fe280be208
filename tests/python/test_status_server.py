"""The status page's port: headers, methods, many viewers, a source that hangs, its own metrics."""

import http.client
import threading
import time
import unittest
import unittest.mock
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from status_world import World

from statuspage import answers as module
from statuspage import ask, remember
from statuspage.answers import Answers
from statuspage.fetch import MAX_BYTES, Unanswered, get_json
from statuspage.server import bind


class Port(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World()
        self.answers = Answers(self.world.site())
        self.http = bind(self.answers, 0, "127.0.0.1")
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)

    def ask(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def test_every_answer_carries_the_headers_that_keep_it_harmless(self) -> None:
        for path in ("/", "/api/status.json", "/healthz", "/metrics", "/nowhere", "/?range=7d"):
            _, headers, _ = self.ask(path)
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertNotIn("Python", headers["Server"])

    def test_pages(self) -> None:
        self.assertEqual(self.ask("/")[0], 200)
        self.assertIn("Healthy", self.ask("/")[2])
        self.assertEqual(self.ask("/api/status.json")[1]["Content-Type"], "application/json")
        self.assertEqual(self.ask("/nowhere")[0], 404)
        self.assertEqual(self.ask("/healthz")[2], "ok\n")

    def test_what_is_not_reading_is_refused(self) -> None:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            self.assertEqual(self.ask("/", method)[0], 501)
        status, headers, body = self.ask("/", "HEAD")
        self.assertEqual((status, body), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)

    def test_style_script_and_icons_are_there_and_may_be_kept(self) -> None:
        page = self.ask("/")[2]
        for name, kind in (("style.css", "text/css"), ("status.js", "text/javascript")):
            address = next(part for part in page.split('"') if part.endswith(name))
            status, headers, _ = self.ask(address)
            self.assertEqual(status, 200)
            self.assertTrue(headers["Content-Type"].startswith(kind))
            self.assertIn("immutable", headers["Cache-Control"])

    def test_many_viewers_cost_prometheus_one_look(self) -> None:
        with ThreadPoolExecutor(max_workers=10) as viewers:
            codes = list(viewers.map(lambda _: self.ask("/")[0], range(10)))
        self.assertEqual(codes, [200] * 10)
        self.assertEqual(self.world.asked.count("up"), 1)

    def test_too_many_viewers_at_once_are_told_so(self) -> None:
        held = [self.answers._slots.acquire(blocking=False) for _ in range(module.AT_ONCE)]
        self.assertTrue(all(held))
        self.assertEqual(self.ask("/")[0], 503)
        self.assertEqual(self.ask("/healthz")[0], 200)
        self.answers._slots.release()
        self.assertEqual(self.ask("/")[0], 200)

    def test_a_viewer_who_waits_for_ever_is_an_illness(self) -> None:
        self.answers._busy[1] = time.monotonic() - module.HUNG_SECONDS - 1
        self.assertEqual(self.ask("/healthz")[0], 503)

    def test_a_fault_of_ours_is_an_answer(self) -> None:
        with unittest.mock.patch.object(module.page, "render", side_effect=ZeroDivisionError):
            self.assertEqual(self.ask("/")[0], 500)
        self.assertEqual(self.ask("/")[0], 200)
        self.assertEqual(self.ask("/healthz")[0], 200)

    def test_an_answer_that_nobody_foresaw_fails_alone(self) -> None:
        self.world.answers["alerts"] = ZeroDivisionError("ours")
        status, _, text = self.ask("/")
        self.assertEqual(status, 200)
        self.assertIn("its answer is not understood (ZeroDivisionError)", text)

    def test_its_own_metrics(self) -> None:
        self.assertNotIn("source_up{", self.ask("/metrics")[2])
        self.world.silent.add("alertmanager")
        self.ask("/")
        text = self.ask("/metrics")[2]
        for line in (
            'holdfast_status_requests_total{page="page", code="200"} 1',
            'holdfast_status_source_up{source="prometheus"} 1',
            'holdfast_status_source_up{source="alertmanager"} 0',
            'holdfast_status_source_up{source="patroni"} 1',
        ):
            self.assertIn(line, text)

    def test_prometheus_is_not_asked_by_health_checks_and_scrapes(self) -> None:
        self.ask("/healthz")
        self.ask("/metrics")
        self.assertEqual(self.world.asked, [])


class Asking(unittest.TestCase):
    def test_a_look_ends_at_its_deadline_whoever_is_silent(self) -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            let_go = threading.Event()
            began = time.monotonic()
            questions = {"slow": lambda: let_go.wait(5), "quick": lambda: 1, "late": lambda: 2}
            found = ask.all_at_once(pool, {**questions, "slower": lambda: let_go.wait(5)}, 0.3)
            self.assertLess(time.monotonic() - began, 2)
            let_go.set()
        self.assertEqual(found["quick"], 1)
        self.assertIsInstance(found["slow"], Unanswered)

    def test_an_answer_is_shared_until_it_is_old(self) -> None:
        made: list[int] = []
        shared = remember.Shared(60, lambda: made.append(1) or len(made))
        self.assertEqual([shared.get() for _ in range(5)], [1] * 5)
        at_once = remember.Shared(0, lambda: made.append(1) or len(made))
        self.assertNotEqual(at_once.get(), at_once.get())

    def test_silence_keeps_the_answer_and_its_time(self) -> None:
        held: remember.Remembered[int] = remember.Remembered("Prometheus", 0)
        held.take(lambda: 7)
        at = held.answered_at
        held.take(self.silent)
        self.assertEqual((held.answer, held.answered_at, held.error), (7, at, "gone"))

    @staticmethod
    def silent() -> int:
        raise Unanswered("gone")


class Fetching(unittest.TestCase):
    """Against a server that behaves in every wrong way."""

    def setUp(self) -> None:
        over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                if self.path == "/hangs":
                    over.wait(5)
                    return
                self.send_response(302 if self.path == "/moved" else 200)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                try:
                    self.body()
                except OSError:
                    pass

            def body(self) -> None:
                if self.path == "/trickles":
                    while not over.wait(0.05):
                        self.wfile.write(b" ")
                if self.path == "/endless":
                    for _ in range(MAX_BYTES // 65536 + 2):
                        self.wfile.write(b" " * 65536)
                self.wfile.write(b"<html>" if self.path == "/html" else b'{"a": 1}')

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(over.set)
        self.address = f"127.0.0.1:{server.server_address[1]}"

    def refused(self, path: str, seconds: float = 3.0) -> str:
        began = time.monotonic()
        with self.assertRaises(Unanswered) as raised:
            get_json(self.address, path, seconds)
        self.assertLess(time.monotonic() - began, seconds + 1.5)
        return str(raised.exception)

    def test_an_answer(self) -> None:
        self.assertEqual(get_json(self.address, "/", 3), {"a": 1})

    def test_all_the_wrong_ways(self) -> None:
        self.assertIn("no answer", self.refused("/hangs", 0.4))
        self.assertIn("no answer", self.refused("/trickles", 0.4))
        self.assertIn("more than", self.refused("/endless"))
        self.assertEqual(self.refused("/html"), "answers no JSON")
        self.assertEqual(self.refused("/moved"), "answers 302")
        with self.assertRaises(Unanswered):
            get_json("127.0.0.1:1", "/", 1)


if __name__ == "__main__":
    unittest.main()
