"""The parts of a site's agent, each by itself: rules, configuration, the gate, keys at the witness, pages."""

import json
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from unittest.mock import patch

from image_paths import use
from stand_ins import stand_in

stand_in()
use("site-agent")
use("postgres")

import site_gate  # noqa: E402
from etcd_gateway import decode, encode  # noqa: E402
from site_gate import Answer, Permission  # noqa: E402
from site_world import World  # noqa: E402
from sites import lsn, refusals, report, rules, word  # noqa: E402
from sites.command import arguments, main as command  # noqa: E402
from sites.members import Look, Member, parse as parse_member  # noqa: E402
from sites.patroni_config import Place, changed, differs, fetch, wanted  # noqa: E402
from sites.peer import Peer  # noqa: E402
from sites.refusals import Refused  # noqa: E402
from sites.rules import Other, Seen  # noqa: E402
from sites.server import act, serve_pages, serve_verbs  # noqa: E402
from sites.state import State, become, from_json, to_json  # noqa: E402
from sites.store import Store  # noqa: E402
from sites.witness import EPOCH, LEASE, Witness  # noqa: E402

PLACE = Place("b", "dev-b", "10.0.0.77", True)
ACTIVE = State("a", "active", 3, "a")
STANDBY = State("b", "standby", 3, "a")


def other(role: str = "standby", epoch: int = 3, active: str | None = "a", site: str = "b") -> Other:
    return Other(site, role, epoch, active, at=100.0)


class States(unittest.TestCase):
    def test_it_survives_json(self) -> None:
        state = become(ACTIVE, "draining", "x", 0.0, lsn="0/3000148")
        self.assertEqual(from_json(to_json(state), "a"), state)
        self.assertEqual(state.changedAt, "1970-01-01T00:00:00.000+00:00")

    def test_what_is_no_state_of_this_site_decides_nothing(self) -> None:
        for text in (None, "", "no", "[]", '{"site": "a"}', to_json(STANDBY),
                     to_json(ACTIVE).replace("active", "king", 2)):
            self.assertIsNone(from_json(text, "a"), text)

    def test_the_epoch_never_goes_back(self) -> None:
        self.assertEqual(become(ACTIVE, "standby", "", 0.0, epoch=1).epoch, 3)

    def test_the_newer_of_etcd_and_memory_counts(self) -> None:
        old = State("a", "active", 2, "a")
        self.assertEqual(rules.first_look(old, ACTIVE, State("a")), ACTIVE)
        self.assertEqual(rules.first_look(ACTIVE, old, State("a")), ACTIVE)
        self.assertEqual(rules.first_look(None, old, State("a")), old)
        self.assertFalse(rules.first_look(None, None, State("a")).known)


class Confirmation(unittest.TestCase):
    cold = State("a", "unconfirmed", 3, "a")

    def test_it_is_asked_for_where_the_other_site_follows(self) -> None:
        self.assertTrue(rules.asks(self.cold, other()))
        # Its answer was lost, perhaps: then it knows a higher epoch.
        self.assertTrue(rules.asks(self.cold, other(epoch=6)))
        for word in (None, other(epoch=2), other(active="b"), other("unconfirmed"), other("active", 3, "b")):
            self.assertFalse(rules.asks(self.cold, word), word)

    def test_it_is_written_down_with_an_epoch_above_every_promotion_on_its_way(self) -> None:
        word = rules.confirms(STANDBY, "a", 3, 0.0)
        assert word is not None
        self.assertEqual((word.role, word.epoch, word.active), ("standby", 6, "a"))
        again = rules.confirms(word, "a", 3, 0.0)
        assert again is not None
        self.assertEqual(again.epoch, 9)
        # What it became since is no confirmation any more.
        self.assertIsNone(rules.confirms(become(word, "standby", "", 0.0, epoch=7), "a", 3, 0.0))
        self.assertEqual(from_json(to_json(word), "b"), word)

    def test_nobody_else_is_confirmed(self) -> None:
        for own in (
            State("b", "active", 3, "b"), State("b", "draining", 3, "b"), State("b", "unconfirmed", 3, "a"),
            State("b", "standby", 3, "b"), State("b", "standby", 4, "a"), State("b", "standby", 0, "a"),
        ):  # fmt: skip
            self.assertIsNone(rules.confirms(own, "a", 3, 0.0), own)
        self.assertIsNone(rules.confirms(STANDBY, "a", 2, 0.0))
        self.assertIsNone(rules.confirms(STANDBY, "c", 3, 0.0))

    def test_with_a_witness_its_word_alone_does(self) -> None:
        self.assertTrue(rules.resumes(self.cold, Seen(3, None)))
        self.assertTrue(rules.resumes(self.cold, Seen(3, "a")))
        # One that says 0 has lost its data, and may have lost a lease that still runs.
        for seen in (None, Seen(4, None), Seen(3, "b"), Seen(2, None), Seen(0, None)):
            self.assertFalse(rules.resumes(self.cold, seen), seen)

    def test_only_the_site_that_was_active_is_confirmed(self) -> None:
        for state in (ACTIVE, STANDBY, State("a"), State("a", "unconfirmed", 3, "b")):
            self.assertFalse(rules.resumes(state, Seen(state.epoch, None)), state)
            self.assertFalse(rules.asks(state, other(epoch=state.epoch)), state)

    def test_the_other_agent_alone_may_ask(self) -> None:
        body, headers = word.question("a", 3, "key")
        signature = headers[word.SIGNATURE]
        self.assertEqual(word.asked(body, signature, "key"), ("a", 3))
        for sent, signed, key in (
            (body, signature, "other"), (body, "", "key"), (b"{}", signature, "key"),
            (body.replace(b"3", b"4"), signature, "key"),
        ):  # fmt: skip
            self.assertIsNone(word.asked(sent, signed, key))
        foreign, signed = word.question("a", 3, "key")[0][:-1], "é"
        self.assertIsNone(word.asked(foreign, signed, "key"))

    def test_it_is_asked_for_over_http(self) -> None:
        world = World(witness=False)
        world.step(2)
        world.sites["a"].verbs.found()
        world.step(6)
        b = world.sites["b"].agent
        port = serve_pages(b, "key", lambda: True, 0)
        with patch("sites.peer.PORT", port):
            peer = Peer("127.0.0.1", "b", "a", "key")
            self.assertEqual(peer.confirm(1), 4)
            self.assertEqual((b.state.epoch, b.store.state.epoch, b.store.memory.epoch), (4, 4, 4))
            self.assertIsNone(Peer("127.0.0.1", "b", "a", "wrong").confirm(1))
            self.assertIsNone(peer.confirm(3))
            peer.look()
            self.assertEqual((peer.last().epoch, peer.answers), (4, True))
        self.assertEqual(b.state.epoch, 4)
        with patch("sites.peer.PORT", 1):
            self.assertIsNone(peer.confirm(1))

    def test_a_witness_needs_no_word_of_a_site(self) -> None:
        world = World()
        world.step(2)
        world.sites["a"].verbs.found()
        world.step(6)
        self.assertIsNone(world.sites["b"].agent.confirm("a", 1))
        self.assertEqual(world.sites["b"].agent.state.epoch, 1)


class Lease(unittest.TestCase):
    def test_it_is_lost_by_silence_or_by_another_holder(self) -> None:
        self.assertEqual(rules.lease_lost(ACTIVE, 100.0, Seen(3, "a"), 110.0), "")
        self.assertIn("not renewed", rules.lease_lost(ACTIVE, 100.0, None, 110.5))
        self.assertIn("not renewed", rules.lease_lost(ACTIVE, None, None, 0.0))
        self.assertIn("site b holds", rules.lease_lost(ACTIVE, 100.0, Seen(3, "b"), 101.0))
        self.assertIn("epoch 4", rules.lease_lost(ACTIVE, 100.0, Seen(4, None), 101.0))
        self.assertEqual(rules.lease_lost(STANDBY, None, None, 0.0), "")

    def test_writes_end_before_it_does(self) -> None:
        self.assertEqual(rules.write_seconds(ACTIVE, 100.0, True, 100.0), 16.0)
        self.assertEqual(rules.write_seconds(ACTIVE, 100.0, True, 117.0), 0.0)
        self.assertEqual(rules.write_seconds(ACTIVE, None, True, 100.0), 0.0)
        self.assertIsNone(rules.write_seconds(ACTIVE, None, False, 100.0))
        self.assertEqual(rules.write_seconds(STANDBY, 100.0, True, 100.0), 0.0)
        self.assertLess(rules.FENCE_AFTER_SECONDS + 2 * site_gate.POLL_SECONDS, rules.LEASE_SECONDS)

    def test_one_whose_time_is_over_is_not_taken_anew(self) -> None:
        draining = State("a", "draining", 3, "a")
        self.assertTrue(rules.keeps_lease(ACTIVE, 100.0, 115.9))
        self.assertTrue(rules.keeps_lease(draining, 100.0, 101.0))
        self.assertFalse(rules.keeps_lease(ACTIVE, 100.0, 116.0))
        self.assertFalse(rules.keeps_lease(ACTIVE, None, 0.0))
        self.assertFalse(rules.keeps_lease(become(draining, "draining", "", 0.0, lsn="0/1"), 100.0, 101.0))
        self.assertFalse(rules.keeps_lease(STANDBY, 100.0, 101.0))

    def test_a_standby_takes_over_when_the_lease_is_free_and_the_other_is_gone(self) -> None:
        def takes(word: Other | None, now: float, free: float | None = 90.0, seen=Seen(3, None)) -> bool:
            return rules.takes_over(STANDBY, word, seen, free, now)

        active = Other("a", "active", 3, "a", at=100.0)
        self.assertFalse(takes(active, 101.0))
        self.assertFalse(takes(active, 120.0))
        self.assertTrue(takes(active, 120.5))
        self.assertTrue(takes(Other("a", "unconfirmed", 3, "a", at=100.0), 101.0))
        self.assertFalse(takes(Other("a", "draining", 3, "a", at=100.0), 101.0))
        self.assertFalse(takes(active, 130.0, free=None))
        self.assertFalse(takes(active, 130.0, free=129.0))
        self.assertFalse(takes(active, 130.0, seen=Seen(3, "a")))
        self.assertFalse(takes(active, 130.0, seen=None))
        # A witness that has lost its data looks free at once.
        for epoch in (0, 2, 4):
            self.assertFalse(takes(active, 130.0, seen=Seen(epoch, None)))


class Refusals(unittest.TestCase):
    def test_a_promotion_needs_an_epoch_that_nobody_has_seen(self) -> None:
        refusals.refuse_promotion(STANDBY, 4, other(site="a", role="active"), Seen(3, None))
        for epoch, word, seen in ((3, None, None), (4, other(epoch=4, site="a"), None), (4, None, Seen(4, None))):
            with self.assertRaises(Refused) as caught:
                refusals.refuse_promotion(STANDBY, epoch, word, seen)
            self.assertRegex(caught.exception.next, r"--epoch \d")
        with self.assertRaisesRegex(Refused, "site a holds the lease"):
            refusals.refuse_promotion(STANDBY, 4, None, Seen(3, "a"))

    def test_an_activation_is_for_a_cold_site_that_nobody_passed(self) -> None:
        cold = State("a", "unconfirmed", 3, "a")
        refusals.refuse_activation(cold, 4, None, Seen(3, None))
        for state, epoch, word, seen, words in (
            (cold, 2, None, None, "not higher than 3"),
            (cold, 3, None, None, "not higher than 3"),
            (STANDBY, 3, None, None, "not unconfirmed"),
            (cold, 5, other("active", 4, "b"), None, "site b is active with epoch 4"),
            (cold, 4, other("standby", 4, "a"), None, "not higher than 4, which site b knows"),
            (cold, 4, None, Seen(4, None), "which the witness knows"),
            (cold, 4, None, Seen(3, "b"), "site b holds the lease"),
        ):
            with self.assertRaisesRegex(Refused, words):
                refusals.refuse_activation(state, epoch, word, seen)

    def test_a_witness_without_memory_gives_nothing_before_its_old_lease_is_over(self) -> None:
        for state, seen, free in ((STANDBY, Seen(0, None), 24.9), (ACTIVE, Seen(0, None), 0.0)):
            with self.assertRaisesRegex(Refused, "knows no epoch"):
                refusals.refuse_forgotten(state, seen, free)
        refusals.refuse_forgotten(STANDBY, Seen(0, None), 25.0)
        refusals.refuse_forgotten(STANDBY, Seen(3, None), 0.0)
        refusals.refuse_forgotten(STANDBY, None, 0.0)
        # An environment that begins has nothing to forget.
        refusals.refuse_forgotten(State("a"), Seen(0, None), 0.0)


class Configuration(unittest.TestCase):
    def test_each_role_has_its_own(self) -> None:
        active = wanted("active", PLACE, "a")
        self.assertEqual(active, {"standby_cluster": None, "slots": {"site_b": {"type": "physical"}}})
        follow = wanted("standby", PLACE, "a")["standby_cluster"]
        self.assertEqual((follow["host"], follow["primary_slot_name"]), ("10.0.0.77", "site_a"))
        self.assertIn("--stanza=dev-b", follow["restore_command"])
        self.assertNotIn("restore_command", wanted("standby", Place("b", "x", "y", False), "a")["standby_cluster"])
        for role in ("draining", "unconfirmed"):
            self.assertEqual(wanted(role, PLACE, "a")["standby_cluster"], {"restore_command": "/bin/false"})

    def test_a_fetch_never_ends_recovery(self) -> None:
        # An exit code above 125, as of a process that was killed, would.
        self.assertNotIn("kill", fetch("dev-b"))
        self.assertTrue(fetch("dev-b").startswith("timeout 20 pgbackrest "))

    def test_other_keys_stay(self) -> None:
        config = {"ttl": 20, "slots": {"old": {}}, "standby_cluster": {"host": "x"}}
        want = wanted("active", PLACE, "a")
        self.assertTrue(differs(config, want))
        after = changed(config, want)
        self.assertEqual(after, {"ttl": 20, "slots": {"site_b": {"type": "physical"}}})
        self.assertFalse(differs(after, want))


class Positions(unittest.TestCase):
    def test_text_and_number(self) -> None:
        self.assertEqual(lsn.number("1/0"), 1 << 32)
        self.assertEqual(lsn.text(lsn.number("A/3000148")), "A/3000148")
        for text in ("", "3000148", "0/", "x/y", "0/123456789"):
            with self.assertRaises(ValueError):
                lsn.number(text)

    def test_a_member_by_its_own_answer(self) -> None:
        body = {
            "state": "running", "role": "standby_leader", "timeline": 4, "replication_state": "streaming",
            "patroni": {"name": "postgres-1", "scope": "dev-b"},
            "xlog": {"received_location": 300, "replayed_location": 200,
                     "replayed_timestamp": "2026-11-28 17:00:00.5+00:00"},
        }  # fmt: skip
        member = parse_member("10.0.0.11", body)
        self.assertEqual((member.position, member.received, member.timeline), (200, 300, 4))
        self.assertEqual(member.replayed_at, 1795885200.5)
        self.assertEqual(parse_member("x", {}).position, 0)


class Looking(unittest.TestCase):
    def test_members_that_are_not_there_are_asked_seldom(self) -> None:
        asked: list[str] = []
        now = [100.0]
        there = {"x"}

        def ask(address: str) -> Member | None:
            asked.append(address)
            return Member(address) if address in there else None

        look = Look(ask, lambda: now[0])

        def turn(seconds: float) -> list[str]:
            now[0] += seconds
            asked.clear()
            look(("x", "y", "z"))
            return sorted(asked)

        self.assertEqual(turn(0), ["x", "y", "z"])
        self.assertEqual(turn(1), ["x"])
        there.add("y")
        self.assertEqual(turn(10), ["x", "y", "z"])
        self.assertEqual(turn(1), ["x", "y"])
        there.clear()
        self.assertEqual(turn(1), ["x", "y"])
        # With nobody known any more, all are asked each time.
        turn(61)
        self.assertEqual(turn(1), ["x", "y", "z"])


class Gate(unittest.TestCase):
    def yes(self, seconds: float | None = None) -> Answer:
        return Answer("active", True, True, seconds, {})

    no = Answer("standby", True, False, 0.0, {})

    def test_nobody_writes_before_it_was_asked(self) -> None:
        one = Permission()
        self.assertFalse(one.writes(0.0))
        self.assertFalse(one.over(1e9))

    def test_a_permission_ends_by_itself_with_a_witness_only(self) -> None:
        one = Permission()
        one.heard(self.yes(16.0), 100.0)
        self.assertTrue(one.writes(115.9))
        self.assertFalse(one.writes(116.0))
        self.assertTrue(one.over(116.0))
        one.heard(self.yes(), 120.0)
        self.assertTrue(one.writes(1e9))

    def test_a_no_ends_writes_at_once_and_whoever_goes_on_later(self) -> None:
        one = Permission()
        one.heard(self.yes(), 100.0)
        one.heard(self.no, 101.0)
        one.heard(self.no, 110.0)
        self.assertFalse(one.writes(101.0))
        self.assertFalse(one.over(115.9))
        self.assertTrue(one.over(116.0))
        one.heard(self.yes(), 117.0)
        self.assertTrue(one.writes(118.0))

    def test_a_no_never_lengthens_what_the_lease_allows(self) -> None:
        one = Permission()
        one.heard(self.yes(5.0), 100.0)
        one.heard(self.no, 104.0)
        self.assertTrue(one.over(105.0))

    def test_answers_that_are_none(self) -> None:
        good = {"role": "active", "start": True, "writes": True, "seconds": 5, "config": {}}
        self.assertEqual(site_gate.parse(good), Answer("active", True, True, 5.0, {}))
        for change in ({"config": None}, {"writes": "yes"}, {"seconds": "5"}):
            self.assertIsNone(site_gate.parse({**good, **change}), change)
        self.assertIsNone(site_gate.parse(None))

    def test_the_agent_is_asked_over_http(self) -> None:
        world = World()
        world.step(2)
        world.sites["a"].verbs.found()
        world.step(3)
        port = serve_pages(world.sites["a"].agent, "key", lambda: True, 0)
        answer = site_gate.ask("127.0.0.1", port)
        self.assertEqual((answer.role, answer.start, answer.writes), ("active", True, True))
        self.assertEqual(answer.config, {"slots": {"site_b": {"type": "physical"}}})
        gate = site_gate.Gate("127.0.0.1", lambda: 0.0, lambda agent: site_gate.ask(agent, port))
        gate.look()
        self.assertTrue(gate.writes())

        def page(path: str) -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as reply:
                    return reply.status, reply.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, ""

        self.assertEqual(page("/closed")[0], 503)
        self.assertEqual(page("/healthz")[0], 200)
        self.assertEqual(json.loads(page("/state")[1])["role"], "active")
        metrics = page("/metrics")[1]
        self.assertIn('holdfast_site_role{role="active"} 1', metrics)
        self.assertIn("holdfast_site_writes 1", metrics)
        self.assertNotIn("lag_bytes", metrics)


class Closed(unittest.TestCase):
    def test_the_edge_turns_away_unless_pages_may_be_read(self) -> None:
        world = World()
        agent = world.sites["b"].agent
        for running, expected in ((False, (False, True, True, True)), (True, (False, False, False, True))):
            object.__setattr__(agent.facts, "running", running)
            seen = []
            for role in ("active", "standby", "unconfirmed", "draining"):
                agent.state = State("b", role, 1, "a")
                seen.append(agent.closed())
            self.assertEqual(tuple(seen), expected, running)


class FakeEtcd:
    """Keys with revisions and leases, and the few calls that are used."""

    def __init__(self) -> None:
        self.data: dict[str, tuple[str, int, str]] = {}
        self.revision, self.leases, self.given = 1, {}, 0

    def get(self, key: str) -> str | None:
        return self.data[key][0] if key in self.data else None

    def put(self, key: str, value: str, lease: str = "0") -> None:
        self.revision += 1
        self.data[key] = (value, self.revision, lease)

    def grant_lease(self, seconds: int) -> str:
        self.given += 1
        self.leases[str(self.given)] = seconds
        return str(self.given)

    def renew_lease(self, lease: str) -> bool:
        return lease in self.leases

    def revoke_lease(self, lease: str) -> None:
        self.leases.pop(lease, None)
        self.data = {k: v for k, v in self.data.items() if v[2] != lease}

    def call(self, path: str, body: dict) -> dict:
        if path == "/v3/kv/range":
            return {"kvs": self._pairs(decode(body["key"]))}
        good = all(
            str(self.data.get(decode(one["key"]), ("", 0, ""))[1]) == one["mod_revision"]
            for one in body.get("compare", [])
        )
        if not good:
            return {"succeeded": False}
        responses = []
        for one in body["success"]:
            if "request_put" in one:
                put = one["request_put"]
                self.put(decode(put["key"]), decode(put["value"]), put.get("lease", "0"))
            elif "request_delete_range" in one:
                self.data.pop(decode(one["request_delete_range"]["key"]), None)
            else:
                responses.append({"response_range": {"kvs": self._pairs(decode(one["request_range"]["key"]))}})
        return {"succeeded": True, "responses": responses}

    def _pairs(self, key: str) -> list[dict]:
        if key not in self.data:
            return []
        value, revision, _ = self.data[key]
        return [{"key": encode(key), "value": encode(value), "mod_revision": str(revision)}]


class AtTheWitness(unittest.TestCase):
    def test_one_site_at_a_time_and_never_an_older_epoch(self) -> None:
        etcd = FakeEtcd()
        a, b = Witness(etcd, "a"), Witness(etcd, "b")
        self.assertEqual(a.look(), Seen(0, None))
        self.assertTrue(a.acquire(1))
        self.assertEqual(b.look(), Seen(1, "a"))
        self.assertFalse(b.acquire(2))
        b.release()
        self.assertEqual(b.look().holder, "a")
        a.release()
        self.assertEqual(a.look(), Seen(1, None))
        self.assertTrue(b.acquire(2))
        self.assertFalse(a.renew(1))
        self.assertEqual(etcd.get(EPOCH), "2")
        for known in (0, 1, 3):
            self.assertFalse(b.acquire(3, known))
        self.assertTrue(b.acquire(3, 2))

    def test_a_lease_that_ran_out_is_taken_anew_unless_somebody_has_it(self) -> None:
        etcd = FakeEtcd()
        a, b = Witness(etcd, "a"), Witness(etcd, "b")
        a.acquire(1)
        etcd.revoke_lease("1")
        self.assertTrue(a.renew(1))
        etcd.revoke_lease("2")
        self.assertTrue(b.acquire(2))
        self.assertFalse(a.renew(1))

    def test_two_at_the_same_moment(self) -> None:
        etcd = FakeEtcd()
        a, b = Witness(etcd, "a"), Witness(etcd, "b")
        read = a._read
        a._read = lambda: (read(), b.acquire(2))[0]
        self.assertFalse(a.acquire(1))
        self.assertEqual(b.look(), Seen(2, "b"))
        self.assertEqual(len(etcd.leases), 1)

    def test_a_foreign_value_is_held_by_somebody(self) -> None:
        etcd = FakeEtcd()
        etcd.put(LEASE, "what")
        self.assertEqual(Witness(etcd, "a").look().holder, "unknown")


class Kept(unittest.TestCase):
    def test_the_state_is_in_etcd_and_in_the_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            etcd, file = FakeEtcd(), Path(folder, "state.json")
            store = Store(etcd, "dev-a", "a", file)
            self.assertIsNone(store.read())
            self.assertIsNone(store.remembered())
            store.write(ACTIVE)
            self.assertEqual((store.read(), store.remembered()), (ACTIVE, ACTIVE))
            self.assertEqual(json.loads(etcd.get("/holdfast/site/state"))["role"], "active")

    def test_patronis_configuration_is_changed_and_not_overwritten(self) -> None:
        etcd = FakeEtcd()
        store = Store(etcd, "dev-a", "a", Path("/nowhere/state.json"))
        want = wanted("standby", PLACE, "a")
        self.assertIsNone(store.enforce(want))
        etcd.put("/holdfast/dev-a/config", json.dumps({"ttl": 20, "slots": {"site_b": {}}}))
        self.assertTrue(store.enforce(want))
        config = json.loads(etcd.get("/holdfast/dev-a/config"))
        self.assertEqual((config["ttl"], config["standby_cluster"]["host"]), (20, "10.0.0.77"))
        self.assertNotIn("slots", config)
        before = etcd.revision
        self.assertTrue(store.enforce(want))
        self.assertEqual(etcd.revision, before)

    def test_forks_come_from_patronis_history(self) -> None:
        etcd = FakeEtcd()
        store = Store(etcd, "dev-a", "a", Path("/nowhere/state.json"))
        self.assertEqual(store.forks(), [])
        etcd.put("/holdfast/dev-a/history", '[[1, 100, "x", "t"], [2, 200, "y", "t", "m"]]')
        self.assertEqual(store.forks(), [(1, 100), (2, 200)])


class Commands(unittest.TestCase):
    def test_verbs_answer_json_and_errors_say_what_to_type(self) -> None:
        world = World()
        world.step(2)
        verbs = world.sites["a"].verbs
        self.assertEqual(act(verbs, {"verb": "found"})[0], 200)
        world.step(6)
        status, answer = act(verbs, {"verb": "promote", "epoch": 0})
        self.assertEqual((status, set(answer)), (400, {"error", "next"}))
        status, answer = act(verbs, {"verb": "release"})
        self.assertEqual((status, answer["error"]), (409, "site a is active"))
        self.assertEqual(act(verbs, {"verb": "explode", "epoch": 1})[0], 404)
        status, answer = act(verbs, {"verb": "promote", "epoch": 2, "at": "what"})
        self.assertEqual(status, 409)

    def test_the_command_speaks_to_the_agent(self) -> None:
        world = World()
        world.step(2)
        world.sites["a"].verbs.found()
        port = serve_verbs(world.sites["a"].verbs, 0)
        self.assertEqual(self.said(["role"], port), (0, "active"))
        code, text = self.said(["status", "--json"], port)
        self.assertEqual((code, json.loads(text)["epoch"]), (0, 1))
        code, text = self.said(["release"], port)
        self.assertEqual((code, json.loads(text)["next"]), (1, "drain it first"))
        code, text = self.said(["status"], 1)
        self.assertEqual(code, 3)
        self.assertEqual(arguments(["promote", "--epoch", "4", "--at", "0/1"]).at, "0/1")

    def said(self, words: list[str], port: int) -> tuple[int, str]:
        import contextlib
        import io

        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = command(words, port)
        return code, out.getvalue().strip()

    def test_what_a_loss_may_cost_grows_while_the_other_site_is_unheard(self) -> None:
        world = World()
        world.step(2)
        world.sites["a"].verbs.found()
        world.step(6)
        b = world.sites["b"]
        b.replayed_at, b.lsn = world.now - 3, world.sites["a"].lsn
        world.step(0.5)
        b.lsn = world.sites["a"].lsn
        self.assertEqual(report.lag(b.agent), (0, 0.0))
        self.assertEqual(report.lag_at_most(b.agent), 0.0)
        world.linked["b"] = False
        before = report.lag(b.agent)
        world.step(40)
        # Against its last word nothing is missing; it may have gone on writing.
        self.assertEqual(report.lag(b.agent), before)
        self.assertGreater(report.lag_at_most(b.agent), 40)
        self.assertIsNone(report.lag_at_most(world.sites["a"].agent))

    def test_the_status_has_what_was_agreed(self) -> None:
        world = World()
        world.step(2)
        keys = {
            "site", "role", "epoch", "active", "lsn", "changedAt", "leader", "timeline", "streaming",
            "lagBytes", "lagSeconds", "witness", "replicas",
        }  # fmt: skip
        self.assertLessEqual(keys, set(report.status(world.sites["a"].agent)))


if __name__ == "__main__":
    unittest.main()
