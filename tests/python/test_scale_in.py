"""Members leave: what is waited for, and what may not be left of them."""

import json
import os
import unittest
from contextlib import nullcontext
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import scale_in  # noqa: E402
import scale_in_command  # noqa: E402
from handover import NotBegun  # noqa: E402
from patroni_api import PatroniError  # noqa: E402
from scale_in import SHORT_TTL_SECONDS, ScaleInFailed, forget, settle  # noqa: E402
from scale_in_rules import Records, remains, strangers, unsettled  # noqa: E402

TAGS = {"nofailover": True, "nosync": True}
STAYING = ["postgres-1", "postgres-2"]
LEAVING = ["postgres-3", "postgres-4"]


def member(number: int, role: str = "replica", **facts: object) -> dict:
    state = "running" if role == "leader" else "streaming"
    name = f"postgres-{number}"
    return {"name": name, "role": role, "state": state, "host": f"10.0.0.1{number}", **facts}


def synced(number: int, **facts: object) -> dict:
    return member(number, "quorum_standby", **facts)


class Unsettled(unittest.TestCase):
    def reasons(self, *members: dict, names: str = 'ANY 1 ("postgres-2")') -> list[str]:
        return unsettled({"members": list(members)}, LEAVING, names)

    def test_settled(self) -> None:
        leaves = [member(n, tags=TAGS) for n in (3, 4)]
        found = self.reasons(member(1, "leader"), member(2, "quorum_standby"), *leaves)
        self.assertEqual(found, [])

    def test_alone_only_where_that_was_accepted(self) -> None:
        state = {"members": [member(1, "leader"), member(2, state="starting")]}
        self.assertEqual(len(unsettled(state, LEAVING, "")), 1)
        self.assertEqual(unsettled(state, LEAVING, "", alone=True), [])

    def test_one_that_is_dead_already_holds_nobody_up(self) -> None:
        self.assertEqual(self.reasons(member(1, "leader"), member(2, "quorum_standby")), [])

    def test_what_is_missing_is_named(self) -> None:
        first, second = member(1, "leader"), synced(2)
        for members, reason in (
            ([first, second, member(3)], "postgres-3 is not tagged yet"),
            ([first, second, member(3, tags={"nosync": True})], "postgres-3 is not tagged yet"),
            ([member(3, "leader", tags=TAGS), second], "postgres-3 leads"),
            ([first, second, synced(3, tags=TAGS)], "commits may wait for postgres-3"),
            ([first, member(2)], "no replica that stays is synchronous"),
            ([first, synced(2, state="starting")], "no replica that stays is synchronous"),
            ([second], "nobody leads"),
        ):
            self.assertIn(reason, "; ".join(self.reasons(*members)))

    def test_postgresql_itself_is_asked_too(self) -> None:
        members = [member(1, "leader"), member(2, "quorum_standby"), member(4, tags=TAGS)]
        found = self.reasons(*members, names='ANY 1 ("postgres-2","postgres-4")')
        self.assertEqual(found, ["commits may wait for postgres-4"])
        # postgres-1 is not in postgres-11.
        state = {"members": [member(11, "leader"), synced(2), member(1, tags=TAGS)]}
        self.assertEqual(unsettled(state, ["postgres-1"], 'ANY 1 ("postgres-11")'), [])


    def test_at_a_standby_site_a_replica_that_streams_is_enough(self) -> None:
        leads = member(1, "standby_leader")
        self.assertEqual(self.reasons(leads, member(2), member(3, tags=TAGS), names=""), [])
        self.assertEqual(
            self.reasons(leads, member(2, state="starting"), names=""),
            ["no replica that stays streams"],
        )
        found = self.reasons(member(3, "standby_leader", tags=TAGS), member(2), names="")
        self.assertEqual(found, ["postgres-3 leads"])


class Remains(unittest.TestCase):
    def test_nothing(self) -> None:
        records = Records(
            members=STAYING,
            slots={"postgres-1": ["postgres_2", "debezium", "postgres_2_own"]},
            status={"optime": 7, "slots": {"postgres_2": 7}, "retain_slots": ["postgres_2"]},
            failsafe={"postgres-1": "url", "postgres-2": "url"},
            sync={"leader": "postgres-1", "sync_standby": "postgres-2"},
        )
        self.assertEqual(strangers(records, STAYING), [])
        self.assertEqual(remains(records, STAYING), [])
        self.assertEqual(remains(Records(status={"slots": None}, sync={}), STAYING), [])

    def test_everything(self) -> None:
        records = Records(
            members=[*STAYING, "postgres-3"],
            slots={"postgres-1": ["postgres_2", "postgres_10"], "postgres-2": ["postgres_10"]},
            status={"retain_slots": ["postgres_4"]},
            failsafe={"postgres-5": "url"},
            sync={"sync_standby": "postgres-2,postgres-6"},
        )
        left = ["postgres-3", "postgres-4", "postgres-5", "postgres-6", "postgres-10"]
        self.assertEqual(strangers(records, STAYING), left)
        self.assertEqual(
            remains(records, STAYING),
            [
                "etcd has the member postgres-3",
                "Patroni's /status names postgres_4",
                "Patroni's /failsafe names postgres-5",
                "Patroni's /sync names postgres-6",
                "postgres-1 keeps the slot postgres_10",
                "postgres-2 keeps the slot postgres_10",
            ],
        )


class World(unittest.TestCase):
    """A cluster of four, and a Patroni that does its part one step with each look."""

    def setUp(self) -> None:
        self.state = {
            "members": [member(n, "leader" if n == 1 else "quorum_standby") for n in range(1, 5)]
        }
        self.ttl: object = None
        self.ttls: list[object] = []
        self.keys = {f"members/postgres-{n}": "{}" for n in range(1, 5)}
        self.keys["failsafe"] = json.dumps({f"postgres-{n}": "url" for n in range(1, 5)})
        self.slots = {
            f"postgres-{n}": [f"postgres_{m}" for m in range(1, 5) if m != n] for n in range(1, 5)
        }
        self.answering: set[str] = set()
        self.patroni_acts = True
        self.clock = 0.0
        self.handover = mock.Mock(return_value={"from": "postgres-3", "to": "postgres-1"})
        etcd = mock.Mock()
        etcd.get = lambda name: self.keys.get(name)
        etcd.delete = lambda name: self.keys.pop(name, None)
        peers = ",".join(f"postgres-{n}=10.0.0.1{n}" for n in range(1, 5))
        for patch in (
            mock.patch.object(scale_in, "cluster", lambda *_: self.state),
            mock.patch.object(scale_in, "config", lambda *_: {"member_slots_ttl": self.ttl}),
            mock.patch.object(scale_in, "change", self._change),
            mock.patch.object(scale_in, "rows", self._rows),
            mock.patch.object(scale_in, "key", lambda name: name),
            mock.patch.object(scale_in, "secret", lambda _: "secret"),
            mock.patch.object(scale_in, "Etcd", lambda *_: etcd),
            mock.patch.object(scale_in, "Lock", lambda *_, **__: nullcontext()),
            mock.patch.object(scale_in, "members_in_etcd", self._members),
            mock.patch.object(scale_in, "Handover", lambda *_: mock.Mock(run=self.handover)),
            mock.patch.object(scale_in.health, "get", self._answer),
            mock.patch.object(scale_in.time, "sleep", self._sleep),
            mock.patch.object(scale_in.time, "monotonic", lambda: self.clock),
            mock.patch.dict(os.environ, {"HOLDFAST_PEERS": peers, "HOLDFAST_ETCD": "10.0.0.2"}),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def _change(self, host: str, method: str, path: str, body: dict, seconds: float) -> str:
        self.assertEqual((host, method, path), ("127.0.0.1", "PATCH", "/config"))
        self.ttl = body["member_slots_ttl"]
        self.ttls.append(self.ttl)
        return "ok"

    def _rows(self, host: str, text: str, **_: object) -> list[tuple]:
        name = f"postgres-{host[-1]}"
        if "synchronous_standby_names" in text:
            sync = [m["name"] for m in self.state["members"] if m["role"] == "quorum_standby"]
            return [(f"ANY 1 ({sync})",)]
        return [(slot,) for slot in self.slots[name]]

    def _members(self, _: object) -> dict:
        return {name.partition("/")[2]: {} for name in self.keys if name.startswith("members/")}

    def _answer(self, address: str, path: str, seconds: float) -> bytes:
        return b"{}" if f"postgres-{address[-1]}" in self.answering else b""

    def _sleep(self, seconds: float) -> None:
        self.clock += seconds
        if not self.patroni_acts:
            return
        known = self._members(None)
        self.keys["failsafe"] = json.dumps({name: "url" for name in known})
        for one in self.state["members"]:
            if (one.get("tags") or {}).get("nosync") and one["role"] == "quorum_standby":
                one["role"] = "replica"
        if self.ttl == SHORT_TTL_SECONDS:
            wanted = {name.replace("-", "_") for name in known}
            self.slots = {
                keeper: [slot for slot in slots if slot in wanted or "_" not in slot]
                for keeper, slots in self.slots.items()
            }

    def tag(self, *names: str) -> None:
        for one in self.state["members"]:
            if one["name"] in names:
                one["tags"] = TAGS


class Settle(World):
    def test_no_handover_when_one_leads_that_stays(self) -> None:
        self.tag(*LEAVING)
        self.assertEqual(settle(LEAVING), {"leader": "postgres-1", "handover": None})
        self.handover.assert_not_called()

    def test_leading_moves_to_one_that_stays(self) -> None:
        self.tag(*LEAVING)
        roles = {"postgres-3": "leader", "postgres-1": "quorum_standby"}

        def set_roles() -> None:
            for one in self.state["members"]:
                one["role"] = roles.get(one["name"], one["role"])

        def hand_over() -> dict:
            roles.update({"postgres-3": "replica", "postgres-1": "leader"})
            set_roles()
            return {"from": "postgres-3", "to": "postgres-1"}

        set_roles()
        self.handover.side_effect = hand_over
        done = settle(LEAVING)
        self.assertEqual(done["leader"], "postgres-1")
        self.assertEqual(done["handover"]["to"], "postgres-1")

    def test_at_a_standby_site_patroni_switches_over_and_nobody_is_paused(self) -> None:
        self.tag(*LEAVING)
        for one in self.state["members"]:
            leads = one["name"] == "postgres-3"
            one.update(role="standby_leader" if leads else "replica", state="streaming")
        asked = []

        def switch(host: str, method: str, path: str, body: dict, seconds: float) -> str:
            asked.append((host, path, body))
            self.state["members"][2]["role"] = "replica"
            self.state["members"][0]["role"] = "standby_leader"
            return "ok"

        with mock.patch.object(scale_in, "change", switch):
            self.assertEqual(settle(LEAVING), {"leader": "postgres-1", "handover": None})
        body = {"leader": "postgres-3", "candidate": "postgres-1"}
        self.assertEqual(asked, [("10.0.0.13", "/switchover", body)])
        self.handover.assert_not_called()

    def test_a_standby_leader_that_nobody_can_replace_stays(self) -> None:
        self.tag(*LEAVING)
        for one in self.state["members"]:
            one["role"] = "standby_leader" if one["name"] == "postgres-3" else "replica"
            one["state"] = "starting"
        with self.assertRaisesRegex(ScaleInFailed, "no replica that stays streams"):
            settle(LEAVING)

    def test_a_handover_that_is_refused_is_the_end(self) -> None:
        self.tag(*LEAVING)
        self.state["members"][0]["role"] = "quorum_standby"
        self.state["members"][2]["role"] = "leader"
        self.handover.side_effect = NotBegun("no replica can take over")
        with self.assertRaisesRegex(ScaleInFailed, "the handover from postgres-3: no replica"):
            settle(LEAVING)

    def test_without_tags_nothing_is_handed_over(self) -> None:
        with self.assertRaisesRegex(ScaleInFailed, "postgres-3 is not tagged yet"):
            settle(LEAVING)
        self.handover.assert_not_called()

    def test_a_patroni_that_does_not_let_go(self) -> None:
        self.tag(*LEAVING)
        self.patroni_acts = False
        with self.assertRaisesRegex(ScaleInFailed, "commits may wait for postgres-3"):
            settle(LEAVING)
        self.assertGreaterEqual(self.clock, scale_in.SETTLE_SECONDS)

    def test_a_moment_without_an_answer_is_none(self) -> None:
        self.tag(*LEAVING)
        answers = [PatroniError("does not answer"), self.state]
        with mock.patch.object(
            scale_in, "cluster", mock.Mock(side_effect=[*answers, *[self.state] * 20])
        ):
            self.assertEqual(settle(LEAVING)["leader"], "postgres-1")


class Forget(World):
    def test_nothing_is_left_and_patroni_keeps_slots_as_before(self) -> None:
        self.slots["postgres-1"].append("debezium")
        self.assertEqual(forget(STAYING), LEAVING)
        self.assertEqual(sorted(self._members(None)), STAYING)
        self.assertEqual(self.slots["postgres-1"], ["postgres_2", "debezium"])
        self.assertEqual(self.slots["postgres-2"], ["postgres_1"])
        self.assertEqual(self.ttls, [SHORT_TTL_SECONDS, None])

    def test_a_second_time_there_is_nothing_to_do(self) -> None:
        forget(STAYING)
        self.ttls.clear()
        self.assertEqual(forget(STAYING), [])
        self.assertEqual(self.ttls, [])

    def test_what_somebody_set_comes_back(self) -> None:
        self.ttl = "5min"
        forget(STAYING)
        self.assertEqual(self.ttl, "5min")

    def test_what_a_killed_run_left_is_put_right(self) -> None:
        forget(STAYING)
        self.ttl = SHORT_TTL_SECONDS
        self.assertEqual(forget(STAYING), [])
        self.assertIsNone(self.ttl)

    def test_one_that_still_answers_keeps_everything(self) -> None:
        self.answering = {"postgres-4"}
        with self.assertRaisesRegex(ScaleInFailed, "postgres-4 still answers"):
            forget(STAYING)
        self.assertEqual(len(self._members(None)), 4)
        self.assertEqual(self.ttls, [])

    def test_a_patroni_that_does_not_let_go_is_told_of_and_the_setting_comes_back(self) -> None:
        self.patroni_acts = False
        with self.assertRaisesRegex(ScaleInFailed, "postgres-1 keeps the slot postgres_3"):
            forget(STAYING)
        self.assertEqual(self.ttls, [SHORT_TTL_SECONDS, None])


class Command(unittest.TestCase):
    def test_lists_of_members(self) -> None:
        given = scale_in_command.parse(["--json", "settle", "--leaving", "postgres-3, postgres-4"])
        self.assertEqual((given.verb, given.leaving, given.json), ("settle", LEAVING, True))

    def test_nobody_is_a_mistake(self) -> None:
        for line in (["settle", "--leaving", " ,"], ["forget"], ["nothing"], []):
            with mock.patch("sys.stderr"), self.assertRaises(SystemExit):
                scale_in_command.parse(line)


if __name__ == "__main__":
    unittest.main()
