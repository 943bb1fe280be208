"""When clients make their calls, and what they are asked to do."""

import json
import unittest
from typing import Any

from image_paths import use

use("drill")

from load.http import parse  # noqa: E402
from load.journal import shorten  # noqa: E402
from load.order import Crew, OrderError, parse_order, parse_target  # noqa: E402
from load.pacing import next_slot  # noqa: E402


def fault_of(answer: bytes) -> str | None:
    return parse(answer).fault


class PacingTest(unittest.TestCase):
    def test_the_next_slot_is_on_the_clients_own_grid(self) -> None:
        self.assertAlmostEqual(next_slot(100.0, 0.2, 100.05), 100.2)
        self.assertAlmostEqual(next_slot(100.13, 0.2, 100.5), 100.53)

    def test_a_slot_is_used_once(self) -> None:
        self.assertAlmostEqual(next_slot(100.0, 0.5, 100.5), 101.0)
        self.assertAlmostEqual(next_slot(100.0, 0.5, 100.0), 100.5)

    def test_who_was_held_up_does_not_burst(self) -> None:
        # Ten seconds late: one call at the next slot, and none for the fifty that passed.
        self.assertAlmostEqual(next_slot(100.0, 0.2, 110.05), 110.2)

    def test_clients_that_were_held_up_together_stay_spread(self) -> None:
        crew = Crew(clients=50, per_second=250)
        slots = [next_slot(crew.phase(client), crew.period, 17.3) for client in range(1, 51)]
        slots.sort()
        self.assertEqual(len({round(slot, 6) for slot in slots}), 50)
        for before, after in zip(slots, slots[1:], strict=False):
            self.assertAlmostEqual(after - before, 1 / 250)

    def test_a_failure_waits_before_the_next_try(self) -> None:
        self.assertAlmostEqual(next_slot(0.0, 0.02, 5.01, 5.11), 5.12)

    def test_the_pace_of_all_together(self) -> None:
        crew = Crew(clients=50, per_second=250)
        self.assertAlmostEqual(crew.period, 0.2)
        # The first second of all clients, one call after the other.
        calls = 0
        for client in range(1, 51):
            at = crew.phase(client)
            while at < 1:
                calls += 1
                at = next_slot(crew.phase(client), crew.period, at)
        self.assertEqual(calls, 250)


ORDER: dict[str, Any] = {
    "run": "ab12",
    "databaseUrl": "postgresql://shop:S3cret@pooler-1:6432,pooler-2:6432/shop?connect_timeout=2",
    "readReplicaUrl": "postgresql://shop:S3cret@pooler-1:6432,pooler-2:6432/shop_ro",
    "pageUrl": "http://edge:8080/",
    "writers": 50,
    "writesPerSecond": 250,
    "readers": 10,
    "readsPerSecond": 50,
    "pages": 4,
    "pagesPerSecond": 10,
    "orders": 2,
    "ordersPerSecond": 2,
    "callTimeoutSeconds": 30,
}


class OrderTest(unittest.TestCase):
    def test_a_whole_order(self) -> None:
        order = parse_order(json.dumps(ORDER))
        self.assertEqual(order.database.hosts, (("pooler-1", 6432), ("pooler-2", 6432)))
        self.assertEqual((order.database.user, order.database.password), ("shop", "S3cret"))
        self.assertEqual((order.database.database, order.replicas.database), ("shop", "shop_ro"))
        self.assertEqual(order.database.connect_seconds, 2)
        self.assertEqual(order.replicas.connect_seconds, 3)
        self.assertEqual(order.writers.period, 0.2)
        self.assertEqual(order.call_seconds, 30)

    def test_hosts_without_a_port_and_escaped_passwords(self) -> None:
        target = parse_target("postgres://a:b%40c@h1,h2:7/d")
        self.assertEqual(target.hosts, (("h1", 5432), ("h2", 7)))
        self.assertEqual(target.password, "b@c")

    def test_a_wrong_order_says_what_is_wrong_and_shows_no_password(self) -> None:
        for change, word in (
            ({"writers": -1}, "writers"),
            ({"writers": 2.5}, "writers"),
            ({"writesPerSecond": 0}, "writesPerSecond"),
            ({"callTimeoutSeconds": "30"}, "callTimeoutSeconds"),
            ({"databaseUrl": "mysql://a:S3cret@h/d"}, "database URL"),
            ({"databaseUrl": "postgresql://S3cret/d"}, "database URL"),
        ):
            with self.subTest(change=change), self.assertRaises(OrderError) as caught:
                parse_order(json.dumps({**ORDER, **change}))
            self.assertIn(word, str(caught.exception))
            self.assertNotIn("S3cret", str(caught.exception))
        for line in ("", '{"databaseUrl": "S3cret"', "{}"):
            with self.subTest(line=line), self.assertRaises(OrderError) as caught:
                parse_order(line)
            self.assertNotIn("S3cret", str(caught.exception))

    def test_a_target_hides_its_password_when_it_is_printed(self) -> None:
        self.assertNotIn("S3cret", repr(parse_order(json.dumps(ORDER))))


class PageTest(unittest.TestCase):
    def test_200_alone_is_well(self) -> None:
        self.assertIsNone(fault_of(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        self.assertIsNone(fault_of(b"HTTP/1.1 200 OK\r\n\r\n"))
        self.assertEqual(
            fault_of(b"HTTP/1.1 503 Service Unavailable\r\n\r\nsorry"),
            "status 503 Service Unavailable",
        )
        self.assertEqual(fault_of(b"HTTP/1.0 302 Found\r\n\r\n"), "status 302 Found")

    def test_a_page_that_was_cut_off_is_a_failure(self) -> None:
        self.assertIn("3 of 9", fault_of(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc") or "")
        for answer in (b"", b"HTTP/1.1 200 OK\r\nServer: x\r\n", b"hello\r\n\r\n"):
            self.assertEqual(fault_of(answer), "the connection ended before the answer")


class LineTest(unittest.TestCase):
    def test_an_error_is_one_short_line(self) -> None:
        self.assertEqual(shorten("FATAL:  gone\n\tDETAIL: far\n"), "FATAL: gone DETAIL: far")
        self.assertEqual(len(shorten("x" * 999)), 160)
        self.assertEqual((shorten(None), shorten("")), ("-", "no message"))


if __name__ == "__main__":
    unittest.main()
