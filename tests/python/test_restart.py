"""The rolling restart: its order, its refusals, and what it says when it fails midway."""

import contextlib
import io
import json
import unittest
from unittest import mock

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
import restart_command  # noqa: E402
import restarts  # noqa: E402
from handover import Failed, NotBegun  # noqa: E402
from lock import LockHeld  # noqa: E402
from restart_command import Roll, advice, attempt, missing, order  # noqa: E402
from restarts import RestartFailed  # noqa: E402


def member(n: int, role: str = "quorum_standby", **more: object) -> dict:
    state = "running" if role == "leader" else "streaming"
    entry = {"name": f"postgres-{n}", "host": f"10.0.0.{n}", "role": role, "state": state}
    return entry | {"timeline": 1, "lag": 0} | more


def three(leads: int = 2) -> dict:
    return {"members": [member(n, "leader" if n == leads else "quorum_standby") for n in (1, 2, 3)]}


class Redundancy(unittest.TestCase):
    def test_nothing_is_missing(self) -> None:
        self.assertEqual(missing(three(), 3), [])
        self.assertEqual(missing(three(), None), [])

    def test_what_is_missing_is_named(self) -> None:
        def lacks(change: dict, expected: int | None = 3) -> str:
            state = three()
            state["members"][0] |= change
            return "; ".join(missing(state, expected))

        self.assertEqual(lacks({"role": "replica"}), "postgres-1: not in sync")
        self.assertEqual(lacks({"state": "starting"}), "postgres-1: starting")
        self.assertEqual(lacks({"timeline": 7}), "postgres-1: on timeline 7")
        self.assertIn("postgres-1: unknown bytes behind", lacks({"lag": "unknown"}))
        self.assertEqual(lacks({}, 4), "3 of 4 members are there")

    def test_a_cluster_that_cannot_be_judged(self) -> None:
        self.assertEqual(missing({"members": [member(1)]}, 1), ["the cluster has no leader"])
        self.assertEqual(missing(three() | {"pause": True}, 3), ["Patroni is paused"])
        self.assertEqual(missing({"members": [member(1, "leader")]}, 1), ["there is no replica"])
        starting = {"members": [member(1, "leader", state="starting"), member(2)]}
        self.assertEqual(missing(starting, 2), ["postgres-1: starting"])


class Order(unittest.TestCase):
    def test_replicas_by_number_and_the_leader_last(self) -> None:
        self.assertEqual(order(three(1), None), ["postgres-2", "postgres-3", "postgres-1"])
        ten = {"members": [member(n, "leader" if n == 2 else "sync_standby") for n in (10, 2, 9)]}
        self.assertEqual(order(ten, None), ["postgres-9", "postgres-10", "postgres-2"])

    def test_one_alone(self) -> None:
        self.assertEqual(order(three(), "postgres-2"), ["postgres-2"])
        with self.assertRaisesRegex(NotBegun, "no member postgres-9; there are postgres-1, "):
            order(three(), "postgres-9")


class World(unittest.TestCase):
    """Three members with fakes in place of Patroni, PostgreSQL and etcd."""

    def setUp(self) -> None:
        self.state = three(2)
        self.starts = dict.fromkeys(("10.0.0.1", "10.0.0.2", "10.0.0.3"), 0)
        self.events: list[str] = []
        self.broken: str | None = None
        self.locks: list[str] = []
        self.held: str | None = None
        self.hand = mock.Mock(warnings=["no pooler at 10.0.0.83: skipped"])
        self.hand.under_lock.side_effect = self.hand_over
        self.handover = mock.Mock(return_value=self.hand)
        self.clock = 0.0
        fakes = {
            "cluster": lambda _: self.state,
            "restart_replica": self.restart_replica,
            "wait_healthy": lambda name, _host: self.events.append(f"wait {name}"),
            "started_at": lambda host: self.starts[host],
            "Handover": self.handover,
            "Lock": self.lock,
            "Etcd": mock.Mock(),
            "addresses": lambda _: [],
            "secret": lambda _: "",
            "key": lambda name: name,
            "fact": lambda *_: "postgres-1",
            "say": lambda _: None,
        }
        for name, fake in fakes.items():
            self.patch(restart_command, name, fake)
        self.patch(restart_command.time, "monotonic", lambda: self.clock)
        self.patch(restart_command.time, "sleep", self.sleep)

    def patch(self, place: object, name: str, fake: object) -> None:
        patcher = mock.patch.object(place, name, fake)
        patcher.start()
        self.addCleanup(patcher.stop)

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def lock(self, _etcd: object, name: str, _holder: str) -> contextlib.AbstractContextManager:
        if name == self.held:
            raise LockHeld(f"{name} is held by somebody")
        self.locks.append(name)
        return contextlib.nullcontext()

    def restart_replica(self, entry: dict) -> None:
        self.assertNotEqual(entry["role"], "leader", "a leader is never restarted in place")
        if entry["name"] == self.broken:
            raise RestartFailed(f"{entry['name']} is not healthy after 120 s: starting")
        self.events.append(f"restart {entry['name']}")
        self.starts[entry["host"]] += 1

    def hand_over(self, *_: object) -> dict:
        old = next(m for m in self.state["members"] if m["role"] == "leader")
        new = next(m for m in self.state["members"] if m["role"] != "leader")
        self.events.append(f"handover {old['name']} {new['name']}")
        self.starts[old["host"]] += 1
        self.state = three(int(new["name"][-1]))
        return {"from": old["name"], "to": new["name"], "stallSeconds": 0.9}

    def main(self, *arguments: str) -> tuple[int, str, str]:
        self.patch(restart_command.sys, "argv", ["holdfast-restart", *arguments])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = restart_command.main()
        return code, out.getvalue(), err.getvalue()


class Rolling(World):
    def test_everyone_once_and_the_leader_by_handover(self) -> None:
        roll = Roll(None, 3)
        self.assertEqual(attempt(roll), (0, None))
        self.assertEqual(
            self.events,
            [
                "restart postgres-1",
                "wait postgres-1",
                "restart postgres-3",
                "wait postgres-3",
                "handover postgres-2 postgres-1",
                "wait postgres-2",
            ],
        )
        self.assertEqual(set(self.starts.values()), {1})
        self.assertEqual(self.locks, ["settings", "handover"])

    def test_a_former_leader_that_was_not_stopped_is_restarted(self) -> None:
        def hand_over_without_stop(*_: object) -> dict:
            done = self.hand_over()
            self.starts["10.0.0.2"] = 0
            return done

        self.hand.under_lock.side_effect = hand_over_without_stop
        # After the handover its entry is a replica's.
        entry = self.state["members"][1]
        self.patch(
            restart_command, "restart_replica", lambda m: self.restart_replica({**m, "role": "x"})
        )
        self.assertEqual(attempt(Roll("postgres-2", 3)), (0, None))
        self.assertEqual(self.events[-1], "restart postgres-2")
        self.assertEqual(entry["name"], "postgres-2")

    def test_one_replica_alone_without_a_handover(self) -> None:
        roll = Roll("postgres-3", 3)
        self.assertEqual(attempt(roll), (0, None))
        self.assertEqual(self.events, ["restart postgres-3", "wait postgres-3"])
        self.assertIsNone(roll.handover)

    def test_a_failover_meanwhile_changes_who_hands_over(self) -> None:
        def restart(entry: dict) -> None:
            self.restart_replica(entry)
            self.state = three(3)

        self.patch(restart_command, "restart_replica", restart)
        self.assertEqual(attempt(Roll(None, 3))[0], 0)
        self.assertEqual(self.events[2], "handover postgres-3 postgres-1")

    def test_as_json(self) -> None:
        code, out, err = self.main("--json", "--members", "3")
        result = json.loads(out)
        self.assertEqual(code, 0)
        names = [entry["member"] for entry in result["members"]]
        self.assertEqual(names, ["postgres-1", "postgres-3", "postgres-2"])
        self.assertEqual(result["handover"]["to"], "postgres-1")
        self.assertNotIn("error", result)


class Refusals(World):
    def test_not_fully_redundant(self) -> None:
        self.state["members"][2]["role"] = "replica"
        code, out, err = self.main()
        self.assertEqual((code, out, self.events), (2, "", []))
        self.assertIn("not fully redundant: postgres-3: not in sync", err)

    def test_a_member_that_is_gone(self) -> None:
        del self.state["members"][2]
        self.assertEqual(self.main("--members", "3")[0], 2)
        self.assertEqual(self.events, [])

    def test_another_handover_or_settings_under_way(self) -> None:
        for self.held in ("handover", "settings"):
            code, _, err = self.main()
            self.assertEqual((code, self.events), (2, []))
            self.assertIn(f"{self.held} is held by somebody", err)


class Midway(World):
    def test_it_stops_at_the_member_that_does_not_come_back(self) -> None:
        self.broken = "postgres-3"
        code, _, err = self.main()
        self.assertEqual(code, 1)
        self.assertEqual(self.events, ["restart postgres-1", "wait postgres-1"])
        self.assertIn("restarted: postgres-1; not restarted: postgres-3, postgres-2", err)
        self.assertIn("./holdfast restart\n", err)

    def test_it_does_not_go_on_without_redundancy(self) -> None:
        def restart(entry: dict) -> None:
            self.restart_replica(entry)
            self.state["members"][2]["state"] = "starting"

        self.patch(restart_command, "restart_replica", restart)
        code, error = attempt(roll := Roll(None, 3))
        self.assertEqual((code, roll.left), (1, ["postgres-3", "postgres-2"]))
        self.assertIn("not fully redundant any more: postgres-3: starting", error or "")

    def test_a_handover_that_is_refused_at_the_end(self) -> None:
        self.hand.under_lock.side_effect = NotBegun("10.0.0.81 cannot pause: drain")
        code, error = attempt(roll := Roll(None, 3))
        self.assertEqual((code, error), (1, "10.0.0.81 cannot pause: drain"))
        self.assertEqual(
            advice(roll)[1],
            "when ./holdfast status is healthy: ./holdfast restart --member postgres-2",
        )

    def test_a_handover_that_is_refused_and_was_all_of_it(self) -> None:
        self.hand.under_lock.side_effect = NotBegun("drain")
        self.assertEqual(attempt(Roll("postgres-2", 3)), (2, "drain"))

    def test_a_handover_that_fails(self) -> None:
        self.hand.under_lock.side_effect = Failed("postgres-1 did not become leader in time")
        code, out, _ = self.main("--json")
        result = json.loads(out)
        self.assertEqual((code, result["left"]), (1, ["postgres-2"]))
        self.assertIn("did not become leader", result["error"])


class LeftOut(unittest.TestCase):
    """A replica that restarts is left out by the poolers meanwhile."""

    def test_before_and_after(self) -> None:
        events: list[str] = []

        @contextlib.contextmanager
        def without(address: str, _token: str, drain: float):
            events.append(f"without {address} {drain}")
            yield ["10.0.0.81: 2 reads still run"]
            events.append(f"back {address}")

        fakes = {
            "without": without,
            "restart": lambda m: events.append(f"restart {m['name']}"),
            "poolers": lambda: [],
            "fact": lambda _name, default: default,
            "say": events.append,
        }
        with contextlib.ExitStack() as stack:
            for name, fake in fakes.items():
                stack.enter_context(mock.patch.object(restarts, name, fake))
            restarts.restart_replica(member(3))
        self.assertEqual(events[0], "without 10.0.0.3 5.0")
        self.assertIn("2 reads still run", events[1])
        self.assertEqual(events[2:], ["restart postgres-3", "back 10.0.0.3"])


if __name__ == "__main__":
    unittest.main()
