"""The public names' pure parts: facts, whose addresses an answer has, what a failure means, metrics."""

import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from image_paths import use

use("dns-sync")
from dnssync.facts import Facts, FactsError, Server, parse, read  # noqa: E402
from dnssync.faults import MEANINGS, explain  # noqa: E402
from dnssync.follow import Follower, takes_writes  # noqa: E402
from dnssync.metrics import exposition  # noqa: E402
from dnssync.verdict import Answer, agreed, site_of, told  # noqa: E402

TREE = {
    "zone": "example.org.",
    "provider": "rfc2136",
    "names": {"app": "shop.example.org.", "database": "db.example.org."},
    "sites": {
        "a": {"app": ["10.0.1.62"], "database": ["10.0.1.81", "10.0.1.82"]},
        "b": {"app": ["10.0.2.62"], "database": ["10.0.2.81", "10.0.2.82"]},
    },
    "servers": [{"host": "192.0.2.53", "port": 53}],
    "follow": None,
}
FACTS = parse(json.dumps(TREE))


def answer(service: str, *addresses: str, status: str = "NOERROR", server: str = "s:53") -> Answer:
    name = TREE["names"][service]
    return Answer(service, name, server, status, addresses, 30 if addresses else None)


class Reading(unittest.TestCase):
    def test_facts(self) -> None:
        self.assertEqual(FACTS.servers, [Server("192.0.2.53", 53)])
        self.assertEqual(FACTS.sites["b"]["app"], ["10.0.2.62"])
        self.assertIsNone(FACTS.follow)
        following = parse(json.dumps({**TREE, "follow": {"host": "10.0.1.78", "port": 9857}}))
        self.assertEqual(following.follow, Server("10.0.1.78", 9857))

    def test_what_is_not_understood_is_told(self) -> None:
        for text in ("", "[]", "{}", '{"zone": "x."}', json.dumps({**TREE, "servers": [1]})):
            with self.assertRaises(FactsError):
                parse(text)
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(FactsError) as caught:
            read(Path(folder))
        self.assertIn("cannot read", str(caught.exception))

    def test_a_server_as_people_write_it(self) -> None:
        self.assertEqual(str(Server("192.0.2.53", 53)), "192.0.2.53:53")
        self.assertEqual(str(Server("2001:db8::53", 54)), "[2001:db8::53]:54")


class Verdicts(unittest.TestCase):
    def test_all_addresses_of_one_site_and_no_others(self) -> None:
        self.assertEqual(site_of(FACTS, answer("app", "10.0.2.62")), "b")
        self.assertEqual(site_of(FACTS, answer("database", "10.0.1.82", "10.0.1.81")), "a")
        for addresses in ((), ("10.0.1.81",), ("10.0.1.81", "10.0.1.82", "10.0.2.81"), ("1.1.1.1",)):
            self.assertIsNone(site_of(FACTS, answer("database", *addresses)), addresses)

    def test_a_site_without_addresses_owns_no_silence(self) -> None:
        facts = Facts("example.org.", "rfc2136", {"app": "x."}, {"a": {"app": []}}, [])
        self.assertIsNone(site_of(facts, Answer("app", "x.", "s", "silent")))

    def test_agreement(self) -> None:
        app, database = answer("app", "10.0.2.62"), answer("database", "10.0.2.81", "10.0.2.82")
        self.assertEqual(agreed(FACTS, [app, database]), "b")
        self.assertIsNone(agreed(FACTS, [app, answer("database", "10.0.1.81", "10.0.1.82")]))
        self.assertIsNone(agreed(FACTS, [app, answer("database", status="silent")]))
        self.assertIsNone(agreed(FACTS, []))

    def test_told(self) -> None:
        self.assertEqual(
            told(FACTS, [answer("app", "10.0.1.62")]),
            [
                {
                    "service": "app",
                    "name": "shop.example.org.",
                    "server": "s:53",
                    "status": "NOERROR",
                    "addresses": ["10.0.1.62"],
                    "ttl": 30,
                    "site": "a",
                }
            ],
        )


class Failures(unittest.TestCase):
    """The texts are what octoDNS 1.22 and its providers said against Knot, BIND and PowerDNS."""

    SAID = {
        "The peer didn't know the key we used": "does not know the TSIG key",
        "The peer didn't like the signature we sent": "its secret is another one",
        "The peer didn't like the time we sent": "clocks",
        "Zone transfer error: NOTAUTH": "does not take the TSIG key, or does not serve example.org.",
        "Unable to perform update: REFUSED": "may not read or change example.org.",
        "Zone transfer error: REFUSED": "may not read or change example.org.",
        "The DNS operation timed out.": "the name server at 192.0.2.53:53 cannot be reached",
        "[Errno 111] Connection refused": "the name server at 192.0.2.53:53 cannot be reached",
        "[Errno -2] Name or service not known": "cannot be resolved",
        "403 Client Error: Forbidden": "refuses the credentials",
        "PowerDNS unauthorized host=192.0.2.53": "refuses the credentials",
    }

    def test_each_has_its_meaning_and_a_next_step(self) -> None:
        for said, meaning in self.SAID.items():
            problem, next_step = explain(FACTS, said)
            self.assertIn(meaning, problem)
            self.assertIn(said, problem)
            self.assertNotEqual(next_step, "")

    def test_the_builtin_server_is_not_asked_for_its_keys(self) -> None:
        builtin = parse(json.dumps({**TREE, "provider": "builtin"}))
        for said in ("The DNS operation timed out.", "didn't like the signature", "NOTAUTH"):
            self.assertIn("./holdfast up", explain(builtin, said)[1])

    def test_a_service_is_no_name_server(self) -> None:
        service = parse(json.dumps({**TREE, "provider": "octodns"}))
        self.assertIn("the DNS service cannot be reached", explain(service, "timed out")[0])

    def test_what_nobody_foresaw_is_repeated(self) -> None:
        problem, _ = explain(FACTS, "ValueError: 7")
        self.assertEqual(problem, "octoDNS could not update example.org.: ValueError: 7")

    def test_no_meaning_hides_a_later_one(self) -> None:
        for meaning in MEANINGS:
            for sign in meaning.signs:
                first = next(one for one in MEANINGS if any(part in sign for part in one.signs))
                self.assertIs(first, meaning, sign)


class Following(unittest.TestCase):
    def test_two_looks_running_with_the_names_elsewhere(self) -> None:
        cases = {
            ((True, False),): [False],
            ((True, False), (True, False)): [False, True],
            ((True, False), (None, False), (True, False)): [False, False, False],
            ((True, False), (True, True), (True, False)): [False, False, False],
            ((False, False),) * 4: [False] * 4,
            ((True, True),) * 4: [False] * 4,
            # It failed: again after two more looks.
            ((True, False),) * 4: [False, True, False, True],
        }
        for looks, expected in cases.items():
            follower = Follower()
            self.assertEqual([follower.heard(*look) for look in looks], expected, looks)

    def test_the_agents_word(self) -> None:
        said = iter(
            [
                (200, '{"role": "active", "writes": true}'),
                (200, '{"role": "standby", "writes": false}'),
                (503, '{"writes": true}'),
                (200, '{"writes": "yes"}'),
                (200, "[]"),
                (200, "?"),
            ]
        )

        class Agent(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                status, body = next(said)
                self.send_response(status if self.path == "/gate" else 404)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Silent."""

        with HTTPServer(("127.0.0.1", 0), Agent) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            agent = Server("127.0.0.1", server.server_address[1])
            heard = [takes_writes(agent) for _ in range(6)]
            server.shutdown()
        self.assertEqual(heard, [True, False, None, None, None, None])
        self.assertIsNone(takes_writes(agent))


class Exposition(unittest.TestCase):
    def test_series(self) -> None:
        text = exposition(
            FACTS, "a", [answer("app", "10.0.2.62"), answer("database", status="silent")], 1700000000.25
        )
        labels = 'service="app",name="shop.example.org.",server="s:53"'
        for line in (
            f"holdfast_dns_answers{{{labels}}} 1",
            f"holdfast_dns_points_here{{{labels}}} 0",
            f'holdfast_dns_site{{{labels},points_to="a"}} 0',
            f'holdfast_dns_site{{{labels},points_to="b"}} 1',
            f"holdfast_dns_ttl_seconds{{{labels}}} 30",
            'holdfast_dns_answers{service="database",name="db.example.org.",server="s:53"} 0',
            "holdfast_dns_last_look_timestamp_seconds 1700000000.250",
        ):
            self.assertIn(line + "\n", text)
        self.assertNotIn('ttl_seconds{service="database"', text)

    def test_labels_are_escaped(self) -> None:
        odd = Answer("app", 'a"b\\', "s:53", "silent")
        self.assertIn('name="a\\"b\\\\"', exposition(FACTS, "a", [odd], 0))


if __name__ == "__main__":
    unittest.main()
