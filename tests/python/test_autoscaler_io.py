"""The autoscaler's edges: HAProxy's page, Docker's words, etcd's keys, its configuration, its port."""

import http.client
import json
import threading
import unittest
from pathlib import Path

from image_paths import use

use("autoscaler")
from docker_socket import DockerError  # noqa: E402
from etcd_gateway import decode, encode  # noqa: E402
from scaler.config import ConfigError, parse  # noqa: E402
from scaler.docker_api import status_of  # noqa: E402
from scaler.edge import EdgeError, Sample, Server, Traffic  # noqa: E402
from scaler.edge import parse as parse_page  # noqa: E402
from scaler.exposition import Metrics, serve  # noqa: E402
from scaler.hands import Hands  # noqa: E402
from scaler.instances import Instance, missing, moves  # noqa: E402
from scaler.keys import Keys, RunData  # noqa: E402

# As HAProxy 3.0.11 writes it, cut down.
PAGE = """\
# HELP haproxy_frontend_http_requests_total Total number of HTTP requests processed by this object.
# TYPE haproxy_frontend_http_requests_total counter
haproxy_frontend_http_requests_total{proxy="http"} 1234
haproxy_frontend_http_requests_total{proxy="statistics"} 99
haproxy_backend_current_sessions{proxy="app"} 9
haproxy_server_status{proxy="app",server="app-1",state="DOWN"} 0
haproxy_server_status{proxy="app",server="app-1",state="UP"} 1
haproxy_server_status{proxy="app",server="app-12",state="DOWN"} 1
haproxy_server_status{proxy="app",server="app-12",state="UP"} 0
haproxy_server_status{proxy="other",server="app-1",state="DOWN"} 1
haproxy_server_check_status{proxy="app",server="app-1",state="L7OK"} 1
haproxy_server_check_status{proxy="app",server="app-12",state="L7OK"} 0
haproxy_server_check_status{proxy="app",server="app-12",state="L7TOUT"} 1
haproxy_server_queue_limit{proxy="app",server="app-1"} NaN
"""


class EdgePage(unittest.TestCase):
    def test_what_is_read(self) -> None:
        sample = parse_page(PAGE, 7.0)
        servers = {1: Server("UP", "L7OK"), 12: Server("DOWN", "L7TOUT")}
        self.assertEqual(sample, Sample(7.0, 1234, 9, servers))

    def test_a_page_that_lacks_something_is_no_measurement(self) -> None:
        for part in ("frontend_http_requests_total", "backend_current_sessions", "server_status"):
            lines = [line for line in PAGE.splitlines() if f"haproxy_{part}" not in line]
            with self.assertRaises(EdgeError, msg=part):
                parse_page("\n".join(lines), 0.0)
        with self.assertRaises(EdgeError):
            parse_page("<html>503</html>", 0.0)


class Rates(unittest.TestCase):
    def test_over_the_span(self) -> None:
        traffic = Traffic(span=5.0)
        self.assertIsNone(traffic.requests)
        for at in range(20):
            traffic.add(Sample(float(at), at * 30.0, 4 if at % 2 else 6))
        self.assertEqual(traffic.requests, 30)
        self.assertEqual(traffic.work, 5)

    def test_a_counter_that_went_back_is_no_traffic(self) -> None:
        traffic = Traffic()
        traffic.add(Sample(1.0, 1000, 0))
        traffic.add(Sample(2.0, 1050, 0))
        traffic.add(Sample(3.0, 5, 0))
        self.assertIsNone(traffic.requests)
        traffic.add(Sample(4.0, 55, 0))
        self.assertEqual(traffic.requests, 50)
        traffic.forget()
        self.assertIsNone(traffic.work)


class DockersWords(unittest.TestCase):
    def test_health_and_age(self) -> None:
        for status, expected in (
            ("Up Less than a second (health: starting)", ("starting", 0.0)),
            ("Up 1 second", ("", 1.0)),
            ("Up 59 seconds (healthy)", ("healthy", 59.0)),
            ("Up About a minute (unhealthy)", ("unhealthy", None)),
            ("Up 3 minutes (Paused)", ("", None)),
            ("Exited (137) 5 seconds ago", ("", None)),
            ("Restarting (1) 3 seconds ago", ("", None)),
            ("", ("", None)),
        ):
            self.assertEqual(status_of(status), expected, status)


class Choice(unittest.TestCase):
    def boxes(self, running: str) -> dict[int, Instance]:
        """One letter each: r runs, y runs since a moment, u runs and is ill by Docker's check,
        p paused, x exited, c created, d dead."""
        words = {"p": "paused", "x": "exited", "c": "created", "d": "dead"}
        return {
            n: Instance(
                n, f"id{n}", words.get(letter, "running"),
                "unhealthy" if letter == "u" else "healthy", 20.0 if letter == "y" else None,
            )
            for n, letter in enumerate(running, 1)
        }  # fmt: skip

    def pick(
        self, running: str, planned: int, busy: dict[int, str] | None = None,
        troubled: tuple[int, ...] = (), ready: str = "",
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:  # fmt: skip
        boxes = self.boxes(running)
        up = {int(n) for n in ready} if ready else {n for n, one in boxes.items() if one.occupied}
        done = moves(boxes, planned, 2, busy or {}, troubled, up)
        return done.start, done.stop

    def test_as_many_as_planned(self) -> None:
        self.assertEqual(self.pick("rrxxx", 4), ((3, 4), ()))
        self.assertEqual(self.pick("rrrrr", 2), ((), (5, 4, 3)))
        self.assertEqual(self.pick("rrrxx", 3), ((), ()))
        self.assertEqual(self.pick("rrxrx", 4), ((3,), ()))

    def test_those_that_always_run_are_started_and_never_stopped(self) -> None:
        self.assertEqual(self.pick("xrrxx", 2), ((1,), ()))
        self.assertEqual(self.pick("rrxxx", 0), ((), ()))

    def test_what_is_busy_is_left_alone_and_counted(self) -> None:
        self.assertEqual(self.pick("rrxxx", 4, {3: "start"}), ((4,), ()))
        self.assertEqual(self.pick("rrrrx", 2, {4: "stop"}), ((), (3,)))
        self.assertEqual(self.pick("rrrxx", 2, {3: "stop"}), ((), ()))
        self.assertEqual(self.pick("rrxxx", 2, {2: "mend"}), ((3,), ()))
        self.assertEqual(self.pick("rr", 2, {9: "stop"}), ((), ()))

    def test_a_spare_stands_in_for_one_that_fails(self) -> None:
        self.assertEqual(self.pick("rrxx", 2, troubled=(2,)), ((3,), ()))
        self.assertEqual(self.pick("rrrx", 2, troubled=(2,), ready="13"), ((), ()))

    def test_one_that_fails_and_is_not_needed_is_stopped(self) -> None:
        self.assertEqual(self.pick("rru", 2, troubled=(3,), ready="12"), ((), (3,)))
        self.assertEqual(self.pick("rru", 3, troubled=(3,), ready="12"), ((), ()))
        self.assertEqual(self.pick("rru", 2, {3: "mend"}, (3,), "12"), ((), ()))
        self.assertEqual(self.pick("rur", 2, troubled=(2,), ready="13"), ((), ()))

    def test_none_goes_before_as_many_as_planned_serve(self) -> None:
        self.assertEqual(self.pick("rrrr", 3, ready="123"), ((), ()))
        self.assertEqual(self.pick("rrrr", 3, ready="1234"), ((), (4,)))
        self.assertEqual(self.pick("rrrrr", 3, ready="1235"), ((), (5,)))

    def test_none_goes_before_whoever_started_it_has_seen_it_well(self) -> None:
        self.assertEqual(self.pick("rryx", 2), ((), ()))
        self.assertEqual(self.pick("rryr", 2), ((), (4,)))
        self.assertEqual(self.pick("rru", 2), ((), ()))

    def test_what_docker_removes_or_pulumi_is_making_is_not_started(self) -> None:
        self.assertEqual(self.pick("rrd", 3), ((), ()))
        self.assertEqual(self.pick("crc", 3), ((), ()))

    def test_what_is_missing(self) -> None:
        boxes = self.boxes("rrr")
        del boxes[2]
        self.assertEqual(missing(boxes, 4), [2, 4])


class FakeEtcd:
    def __init__(self, **values: str) -> None:
        self.values = values
        self.calls: list[tuple] = []

    def call(self, path: str, body: dict) -> dict:
        keys = [decode(one["request_range"]["key"]) for one in body["success"]]
        self.calls.append(tuple(keys))
        found = [self.values.get(key.rsplit("/", 1)[1]) for key in keys]
        pairs = [[] if value is None else [{"value": encode(value)}] for value in found]
        return {"responses": [{"response_range": {"kvs": one}} for one in pairs]}

    def put(self, key: str, value: str, lease: str = "0") -> None:
        self.calls.append(("put", key, value, lease))

    def delete(self, key: str) -> None:
        self.calls.append(("delete", key))

    def grant_lease(self, seconds: int) -> str:
        return f"lease of {seconds}"


class EtcdKeys(unittest.TestCase):
    def read(self, **values: str) -> RunData:
        return Keys(FakeEtcd(**values), "dev-a").read()

    def test_what_is_read(self) -> None:
        self.assertEqual(self.read(), RunData())
        self.assertEqual(
            self.read(pin='{"instances": 3}', deploy="up", leader="postgres-2", stopping=""),
            RunData(3, True, "postgres-2", True),
        )
        for spoilt in ("", "3", "{}", '{"instances": "3"}', '{"instances": true}', "["):
            self.assertIsNone(self.read(pin=spoilt).pinned, spoilt)

    def test_where_the_keys_are(self) -> None:
        etcd = FakeEtcd()
        keys = Keys(etcd, "dev-a")
        keys.read()
        keys.pin(4)
        keys.unpin()
        keys.deploy(60)
        keys.deployed()
        own = "/holdfast/autoscaler/dev-a/"
        self.assertEqual(
            etcd.calls,
            [
                (f"{own}pin", f"{own}deploy", "/holdfast/dev-a/leader", "/holdfast/dev-a/stopping"),
                ("put", f"{own}pin", '{"instances": 4}', "0"),
                ("delete", f"{own}pin"),
                ("put", f"{own}deploy", "up", "lease of 60"),
                ("delete", f"{own}deploy"),
            ],
        )


class Configuration(unittest.TestCase):
    GOOD = {
        "minimum": 2, "maximum": 4, "tolerancePercent": 10, "requestsPerSecond": 50,
        "requestsAtWork": 4.9,
        "up": {"windowSeconds": 0, "policies": [{"kind": "instances", "amount": 20, "periodSeconds": 15}]},
        "down": {"windowSeconds": 300, "policies": [{"kind": "percent", "amount": 50, "periodSeconds": 60}]},
    }  # fmt: skip

    def test_what_is_read(self) -> None:
        config = parse(json.dumps(self.GOOD))
        self.assertEqual((config.minimum, config.maximum, config.tolerance), (2, 4, 0.1))
        self.assertEqual(config.down.policies[0].kind, "percent")

    def test_faults_name_the_key(self) -> None:
        for change, word in (
            ({"minimum": 0}, "minimum"), ({"maximum": 1}, "maximum"), ({"maximum": 21}, "maximum"),
            ({"tolerancePercent": True}, "tolerancePercent"),
            ({"up": {"windowSeconds": -1, "policies": [{}]}}, "windowSeconds"),
            ({"up": None}, "up"), ({"down": {"windowSeconds": 1, "policies": []}}, "policies"),
            ({"requestsPerSecond": 0}, "requestsPerSecond"), ({"requestsAtWork": "5"}, "AtWork"),
        ):  # fmt: skip
            with self.assertRaisesRegex(ConfigError, word):
                parse(json.dumps({**self.GOOD, **change}))
        for text in ("", "[]", "{", "3"):
            with self.assertRaises(ConfigError, msg=text):
                parse(text)


class OneThingAtATime(unittest.TestCase):
    def test_begun_carried_out_and_counted(self) -> None:
        gate, done, said = threading.Event(), [], []

        class Docker:
            def start(self, number: int) -> None:
                done.append(("start", number))

            def stop(self, number: int) -> None:
                gate.wait(5)
                raise DockerError("409 in the way")

            def kill(self, number: int) -> None:
                done.append(("kill", number))

        hands = Hands(Docker(), said.append)
        hands.begin("stop", 3)
        hands.begin("start", 3)
        self.assertEqual(hands.busy, {3: "stop"})
        hands.begin("mend", 2)
        gate.set()
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and "_work" in thread.name:
                thread.join(5)
        self.assertEqual(hands.busy, {})
        self.assertEqual(done, [("kill", 2), ("start", 2)])
        self.assertEqual((said, hands.failures), (["app-3: 409 in the way"], 1))


class Port(unittest.TestCase):
    def test_metrics_state_and_health(self) -> None:
        metrics = Metrics(
            desired=3, running=3, ready=2, minimum=2, maximum=4, limit="window", reason="why",
            measurements={"requests/s": (140.0, 50.0), "at work": (None, 4.9)}, failing=(2,),
        )  # fmt: skip
        port = serve(metrics, lambda: True, 0)

        def get(path: str) -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            answer = connection.getresponse()
            self.addCleanup(connection.close)
            return answer.status, answer.read().decode()

        text = get("/metrics")[1]
        for line in (
            "desired_instances 3", "ready_instances 2", "pinned 0", "holding 0",
            'limited_by{reason="window"} 1', 'limited_by{reason="maximum"} 0',
            'metric_value{metric="requests/s"} 140.0', 'metric_target{metric="at work"} 4.9',
            'decisions_total{direction="up"} 0', "failing_instances 1", 'source_up{source="edge"} 0',
        ):  # fmt: skip
            self.assertIn(f"holdfast_autoscaler_{line}\n", text)
        # What nobody knows is not there, rather than 0.
        self.assertNotIn('metric_value{metric="at work"}', text)
        self.assertNotIn("wanted_instances", text)
        state = json.loads(get("/state")[1])
        self.assertEqual((state["desired"], state["limitedBy"]), (3, "window"))
        self.assertEqual((state["failing"], state["held"]), (["app-2"], None))
        self.assertEqual((get("/healthz")[0], get("/")[0]), (200, 404))


class Shapes(unittest.TestCase):
    def test_recorded_traffic_is_in_order(self) -> None:
        for file in (Path(__file__).parent / "traffic").glob("*.csv"):
            rows = [line.split(",") for line in file.read_text().splitlines() if line[0] != "#"]
            times = [float(at) for at, _ in rows]
            self.assertEqual(times, sorted(set(times)), file.name)
            self.assertTrue(all(float(rate) >= 0 for _, rate in rows), file.name)


if __name__ == "__main__":
    unittest.main()
