"""The guard at its edges: Docker's answers, etcd's transaction, the metrics, the watchdog."""

import http.client
import json
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from image_paths import ROOT, use

use("guard")
from decide import Cluster, Key, Listed, Release  # noqa: E402
from docker_api import Docker, DockerError  # noqa: E402
from etcd_gateway import encode  # noqa: E402
from exposition import Metrics, serve  # noqa: E402
from leader_key import LeaderKey  # noqa: E402

ID = "ab" * 32
STATE = {
    "Status": "exited",
    "Running": False,
    "Paused": False,
    "Restarting": False,
    "Pid": 0,
    "StartedAt": "2026-11-25T09:00:00Z",
}


class FakeDocker(socketserver.ThreadingUnixStreamServer):
    """Answers each path with a status and a text; asked: the paths."""

    daemon_threads = True

    def __init__(self, path: str, answers: dict[str, tuple[int, str]]) -> None:
        outer = self
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                outer.asked.append(self.path)
                status, text = answers[self.path.split("?")[0]]
                if status == 0:
                    threading.Event().wait(5)
                    return
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def address_string(self) -> str:
                return "unix"

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(path, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has heard enough."""


class DockerAnswers(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "docker.sock")
        self.answers: dict[str, tuple[int, str]] = {}
        self.server = FakeDocker(self.path, self.answers)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.docker = Docker(self.path, timeout=0.3)

    def inspect(self, status: int, answer: object) -> object:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.answers[f"/containers/{ID}/json"] = (status, text)
        return self.docker.inspect(ID)

    def test_a_container_is_read(self) -> None:
        container = self.inspect(200, {"Id": ID, "State": STATE})
        self.assertEqual((container.status, container.pid, container.running), ("exited", 0, False))
        self.assertEqual(container.started_at, "2026-11-25T09:00:00Z")

    def test_only_dockers_own_404_says_gone(self) -> None:
        self.assertIsNone(self.inspect(404, {"message": f"No such container: {ID}"}))
        for status, answer in (
            (404, {"message": "page not found"}),
            (404, "<html>Not Found</html>"),
            (404, ""),
            (403, "<html>Forbidden</html>"),
            (500, {"message": f"No such container: {ID}"}),
            (503, "<html>Service Unavailable</html>"),
        ):
            with self.assertRaises(DockerError, msg=f"{status} {answer}"):
                self.inspect(status, answer)

    def test_an_answer_that_is_not_whole_is_none(self) -> None:
        for answer in (
            "", "{", "[]", "null", {"Id": ID}, {"Id": ID, "State": {}},
            {"Id": "cd" * 32, "State": STATE},
            {"Id": ID, "State": {**STATE, "Pid": None}},
            {"Id": ID, "State": {key: STATE[key] for key in STATE if key != "Restarting"}},
        ):  # fmt: skip
            with self.assertRaises(DockerError, msg=str(answer)):
                self.inspect(200, answer)

    def test_a_flag_that_is_not_false_counts_as_set(self) -> None:
        container = self.inspect(200, {"Id": ID, "State": {**STATE, "Paused": None}})
        self.assertTrue(container.paused)

    def test_silence_is_an_error_soon(self) -> None:
        with self.assertRaises(DockerError):
            self.inspect(0, "")
        with self.assertRaises(DockerError):
            Docker(self.path + ".none", 0.3).inspect(ID)

    def test_the_list_names_members_by_their_labels(self) -> None:
        labels = {"holdfast.component": "postgres", "holdfast.instance": "2"}
        entries = [
            {"Id": ID, "State": "running", "Labels": labels},
            {"Id": "cd", "State": "exited", "Labels": None},
        ]
        self.answers["/containers/json"] = (200, json.dumps(entries))
        self.assertEqual(
            self.docker.list({"a": "b c"}),
            [Listed(ID, "running", "postgres-2"), Listed("cd", "exited", "")],
        )
        self.assertEqual(
            self.server.asked,
            ["/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%3Db%20c%22%5D%7D"],
        )
        for status, text in ((200, "{}"), (200, '[{"Id": "x"}]'), (200, "[7]"), (503, "")):
            self.answers["/containers/json"] = (status, text)
            with self.assertRaises(DockerError, msg=text):
                self.docker.list({})

    def test_deaths_wake_once_each(self) -> None:
        self.answers["/events"] = (200, '{"status":"die"}\n{"status":"destroy"}\n')
        self.assertEqual(len(list(self.docker.deaths({"a": "b"}, 1.0))), 2)
        self.answers["/events"] = (0, "")
        self.assertEqual(list(self.docker.deaths({"a": "b"}, 0.2)), [])
        self.answers["/events"] = (403, "")
        with self.assertRaises(DockerError):
            list(self.docker.deaths({"a": "b"}, 1.0))


class FakeEtcd:
    def __init__(self, answer: dict) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict]] = []

    def call(self, path: str, body: dict) -> dict:
        self.calls.append((path, body))
        return self.answer


def ranges(*pairs: dict | None) -> dict:
    found = [{"response_range": {"kvs": [pair]} if pair else {}} for pair in pairs]
    return {"succeeded": True, "responses": found}


class Transaction(unittest.TestCase):
    LEADER = {"value": encode("postgres-2"), "lease": "77", "mod_revision": "42"}

    def read(self, *pairs: dict | None) -> Cluster:
        return LeaderKey(FakeEtcd(ranges(*pairs)), "dev-a").read()

    def test_what_is_read(self) -> None:
        self.assertEqual(self.read(None, None, None), Cluster(None))
        key = Key("postgres-2", "77", "42")
        self.assertEqual(self.read(self.LEADER, None, None), Cluster(key))
        self.assertTrue(self.read(self.LEADER, {"value": "", "mod_revision": "1"}, None).stopping)

    def test_a_pause_is_in_patronis_configuration(self) -> None:
        for text, paused in (
            ('{"ttl": 20}', False), ('{"pause": false}', False), ('{"pause": true}', True),
            ("", True), ("[]", True),
        ):  # fmt: skip
            pair = {"value": encode(text), "mod_revision": "9"}
            cluster = self.read(self.LEADER, None, pair)
            self.assertEqual((cluster.paused, cluster.config_revision), (paused, "9"), text)

    def test_the_transaction_deletes_the_leaders_keys_if_all_is_as_it_was(self) -> None:
        etcd = FakeEtcd({"succeeded": True})
        cluster = Cluster(Key("postgres-2", "77", "42"), config_revision="9")
        self.assertTrue(LeaderKey(etcd, "dev-a").release(Release(cluster, cluster.leader, "")))
        leader, stopping, config = (
            encode(f"/holdfast/dev-a/{name}") for name in ("leader", "stopping", "config")
        )
        [(path, body)] = etcd.calls
        self.assertEqual(path, "/v3/kv/txn")
        member = encode("/holdfast/dev-a/members/postgres-2")
        deleted = [one["request_delete_range"] for one in body["success"]]
        self.assertEqual(deleted, [{"key": leader}, {"key": member}])
        self.assertEqual(set(body), {"compare", "success"})
        value = encode("postgres-2")
        self.assertEqual(
            body["compare"],
            [
                {"key": leader, "result": "EQUAL", "target": "VALUE", "value": value},
                {"key": leader, "result": "EQUAL", "target": "LEASE", "lease": "77"},
                {"key": leader, "result": "EQUAL", "target": "MOD", "mod_revision": "42"},
                {"key": stopping, "result": "EQUAL", "target": "VERSION", "version": "0"},
                {"key": config, "result": "EQUAL", "target": "MOD", "mod_revision": "9"},
            ],
        )
        refused = LeaderKey(FakeEtcd({}), "dev-a")
        self.assertFalse(refused.release(Release(cluster, cluster.leader, "")))


class Port(unittest.TestCase):
    def test_metrics_and_health(self) -> None:
        metrics, health = Metrics(docker_up=True, releases=2, last_look=1.5), [True]
        port = serve(metrics, lambda: health[0], 0)

        def get(path: str) -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            answer = connection.getresponse()
            self.addCleanup(connection.close)
            return answer.status, answer.read().decode()

        status, text = get("/metrics")
        self.assertEqual(status, 200)
        values = [line for line in text.splitlines() if not line.startswith("#")]
        self.assertEqual(
            values,
            [
                "holdfast_guard_docker_up 1",
                "holdfast_guard_etcd_up 0",
                "holdfast_guard_releases_total 2",
                "holdfast_guard_last_look_timestamp_seconds 1.500",
            ],
        )
        self.assertEqual(get("/healthz")[0], 200)
        health[0] = False
        self.assertEqual(get("/healthz")[0], 503)
        self.assertEqual(get("/")[0], 404)


class Watchdog(unittest.TestCase):
    def test_a_loop_that_hangs_ends_the_process(self) -> None:
        program = (
            "import threading, time; from main import watch; from silence import Silence\n"
            "quiet = Silence(time.monotonic(), limit_seconds=0.5, tick_seconds=0.1)\n"
            "threading.Thread(target=watch, args=(quiet,), daemon=True).start()\n"
            "time.sleep(20)"
        )
        library = ROOT / "images" / "guard" / "lib"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=library, timeout=15, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 70, done.stderr)
        self.assertIn("starting over", done.stdout)


if __name__ == "__main__":
    unittest.main()
