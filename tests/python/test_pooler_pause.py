"""PAUSE and RESUME as the agent drives them, against a PgBouncer of three verbs."""

import sys
import threading
import types
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images" / "pooler"))

from stand_ins import stand_in  # noqa: E402

stand_in()

from pooler import agent as agent_module  # noqa: E402
from pooler import pause as pause_module  # noqa: E402
from pooler.admin import AdminError, AdminTimeout  # noqa: E402
from pooler.files import Facts  # noqa: E402
from pooler.lease import Lease  # noqa: E402
from pooler.pause import Pauser  # noqa: E402
from pooler.userlist import compose  # noqa: E402


class FakeBouncer:
    """Its console knows PAUSE, RESUME and SHOW POOLS. `open_transactions` keeps a PAUSE from
    ending."""

    def __init__(self) -> None:
        self.paused: set[str] = set()
        self.open_transactions = 0
        self.commands: list[str] = []
        self.waiting = threading.Event()
        self.on_pause: Callable[[], None] = lambda: None

    def console(self, timeout: float = 1.0) -> "FakeBouncer":
        return self

    def __enter__(self) -> "FakeBouncer":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def healthy(self) -> bool:
        return True

    def run(
        self, command: str, timeout: float, cancelled: Callable[[], bool] = lambda: False
    ) -> list[dict[str, Any]]:
        self.commands.append(command)
        verb, _, rest = command.partition(" ")
        name = rest.strip('"')
        if verb == "SHOW":
            return [{"database": "shop", "user": "shop", "sv_active": self.open_transactions}]
        if verb == "PAUSE":
            if name in self.paused:
                raise AdminError(f"database {name} is already paused")
            self.paused.add(name)
            self.on_pause()
            while self.open_transactions:
                self.waiting.set()
                if cancelled() or timeout <= 0:
                    raise AdminTimeout("no answer")
                timeout -= 0.01
                threading.Event().wait(0.01)
        elif verb == "RESUME":
            if name not in self.paused:
                raise AdminError(f"database {name} is not paused")
            self.paused.discard(name)
        return []


class PauseTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.bouncer = FakeBouncer()
        self.pauser = Pauser(Lease(lambda: self.now))
        self.pauser.bouncer = self.bouncer  # type: ignore[assignment]
        follower = types.SimpleNamespace(facts=Facts("shop", ("10.0.0.11",), 1))
        self.agent = agent_module.Agent(self.bouncer, self.pauser, follower)  # type: ignore[arg-type]
        self.said: list[str] = []
        original = pause_module.say
        pause_module.say = self.said.append
        self.addCleanup(setattr, pause_module, "say", original)

    def ask(self, action: str, **body: object) -> tuple[int, dict[str, Any]]:
        return agent_module.answer(getattr(self.agent, action), body)

    def test_pause_then_resume(self) -> None:
        status, answer = self.ask("pause", owner="a")
        self.assertEqual((status, answer["paused"], answer["renewed"]), (200, True, False))
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.assertEqual(self.ask("resume", owner="a"), (200, {"paused": False, "wasHeld": True}))
        self.assertEqual(self.bouncer.paused, set())
        self.assertEqual(self.ask("resume", owner="a"), (200, {"paused": False, "wasHeld": False}))

    def test_the_second_owner_is_refused_and_changes_nothing(self) -> None:
        self.ask("pause", owner="a")
        self.assertEqual(self.ask("pause", owner="b")[0], 409)
        self.assertEqual(self.ask("resume", owner="b")[0], 409)
        self.assertEqual(self.bouncer.paused, {"shop"})

    def test_the_owner_renews(self) -> None:
        self.ask("pause", owner="a")
        self.now = 9
        self.assertTrue(self.ask("pause", owner="a")[1]["renewed"])
        self.now = 18
        self.pauser.expire()
        self.assertEqual(self.bouncer.paused, {"shop"})

    def test_resumes_by_itself_ten_seconds_after_the_last_renewal(self) -> None:
        self.ask("pause", owner="a")
        self.now = 9.9
        self.pauser.expire()
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.now = 10.0
        self.pauser.expire()
        self.assertEqual(self.bouncer.paused, set())
        self.assertEqual(self.ask("resume", owner="a")[1], {"paused": False, "wasHeld": False})

    def test_not_drained_means_resumed(self) -> None:
        self.bouncer.open_transactions = 3
        status, answer = self.ask("pause", owner="a", drainSeconds=0.05)
        self.assertEqual((status, answer["paused"], answer["activeServers"]), (504, False, 3))
        self.assertEqual(self.bouncer.paused, set())
        self.assertEqual(self.pauser.status(), {"paused": False})

    def test_resume_ends_a_drain(self) -> None:
        self.bouncer.open_transactions = 1
        answers: list[tuple[int, dict[str, Any]]] = []
        thread = threading.Thread(
            target=lambda: answers.append(self.ask("pause", owner="a", drainSeconds=30))
        )
        thread.start()
        self.assertTrue(self.bouncer.waiting.wait(5))
        self.assertEqual(self.ask("resume", owner="a")[0], 200)
        thread.join(5)
        self.assertEqual(answers[0][0], 503)
        self.assertEqual(self.bouncer.paused, set())

    def test_a_restarted_pgbouncer_is_paused_again(self) -> None:
        self.ask("pause", owner="a")
        self.bouncer.paused.clear()
        self.pauser._pause_again()
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.now = 10
        self.pauser.expire()
        self.bouncer.commands.clear()
        self.pauser._pause_again()
        self.assertEqual(self.bouncer.commands, [])

    def test_a_lapsed_owner_does_not_block_the_next(self) -> None:
        self.ask("pause", owner="a", database="shop_ro")
        self.now = 11
        status, answer = self.ask("pause", owner="b")
        self.assertEqual((status, answer["databases"]), (200, ["shop"]))
        self.assertEqual(self.bouncer.paused, {"shop"})

    def test_a_late_resume_leaves_the_next_owners_pause_alone(self) -> None:
        # a gives back; before its RESUME is sent, b has paused the same database.
        self.ask("pause", owner="a")
        held = self.pauser._lease.give_back("a")
        assert held is not None
        self.assertEqual(self.ask("pause", owner="b")[0], 200)
        self.pauser._resume(held.databases)
        self.assertEqual(self.bouncer.paused, {"shop"})

    def test_a_hold_does_not_wait_for_open_transactions(self) -> None:
        self.bouncer.open_transactions = 3
        self.pauser.hold("shop")
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.pauser.hold("shop")  # again is no fault
        self.assertEqual(self.said, [])

    def test_the_end_of_a_lease_does_not_end_a_hold(self) -> None:
        self.ask("pause", owner="a")
        self.pauser.hold("shop")
        self.ask("resume", owner="a")
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.pauser.release("shop")
        self.assertEqual(self.bouncer.paused, set())

    def test_the_end_of_a_hold_does_not_end_a_lease(self) -> None:
        self.pauser.hold("shop")
        self.assertEqual(self.ask("pause", owner="a")[0], 200)
        self.pauser.release("shop")
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.now = 10
        self.pauser.expire()
        self.assertEqual(self.bouncer.paused, set())

    def test_a_resume_that_fails_is_owed(self) -> None:
        self.ask("pause", owner="a")
        tries, run = [], self.bouncer.run

        def refuse(command: str, timeout: float, *rest: Any) -> list[dict[str, Any]]:
            if command.startswith("RESUME") and len(tries) < pause_module.RESUME_TRIES:
                tries.append(command)
                raise AdminError("no more connections allowed")
            return run(command, timeout, *rest)

        self.bouncer.run = refuse  # type: ignore[method-assign]
        self.ask("resume", owner="a")
        self.assertEqual(self.bouncer.paused, {"shop"})
        self.pauser.expire()
        self.assertEqual(self.bouncer.paused, set())

    def test_wrong_addresses(self) -> None:
        for action in ("follow", "leave", "come_back"):
            for body in ({}, {"address": "10.0.0.99"}, {"address": ["10.0.0.11"]}):
                with self.subTest(action=action, body=body):
                    self.assertEqual(self.ask(action, **body)[0], 400)

    def test_wrong_bodies(self) -> None:
        for body in (
            {},
            {"owner": ""},
            {"owner": 7},
            {"owner": "a", "leaseSeconds": "10"},
            {"owner": "a", "leaseSeconds": 0},
            {"owner": "a", "drainSeconds": 61},
            {"owner": "a", "drainSeconds": True},
            {"owner": "a", "database": "postgres"},
        ):
            with self.subTest(body=body):
                self.assertEqual(self.ask("pause", **body)[0], 400)
        self.assertEqual(self.bouncer.commands, [])


class UserlistTest(unittest.TestCase):
    def test_quotes_are_doubled(self) -> None:
        self.assertEqual(compose({"u": 'a"b'}), '"u" "a""b"\n')

    def test_a_line_break_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            compose({"u": "a\nb"})


if __name__ == "__main__":
    unittest.main()
