"""The sleeps of a switchover end when what they wait for has happened."""

import os
import time
import types
import unittest

from image_paths import use

use("postgres")

from patient_patroni import (  # noqa: E402
    PatientTime,
    Remembered,
    quiet_while_restoring,
    unless_attended,
    whatever_the_clock,
)

clock = PatientTime()


class Ha:
    """As much of Patroni's Ha as its sleeps look at."""

    def __init__(self, leaders: list[str | None], caught_up: list[bool] | None = None) -> None:
        self.leaders = leaders
        self.caught_up = caught_up or []
        self.asked: list[int] = []
        self.state_handler = types.SimpleNamespace(name="postgres-1")
        self.dcs = types.SimpleNamespace(get_cluster=self.get_cluster)

    def get_cluster(self) -> types.SimpleNamespace:
        name = self.leaders.pop(0) if len(self.leaders) > 1 else self.leaders[0]
        if name == "no etcd":
            raise OSError(name)
        return types.SimpleNamespace(leader=name and types.SimpleNamespace(name=name))

    def is_failover_possible(self, cluster_lsn: int) -> bool:
        self.asked.append(cluster_lsn)
        return self.caught_up.pop(0)

    # Named as in Patroni's ha.py: the stand-in goes by these names.
    def demote(self, seconds: float) -> None:
        clock.sleep(seconds)

    def process_unhealthy_cluster(self, seconds: float) -> None:
        clock.sleep(seconds)

    def shut_down(self, seconds: float) -> None:
        def on_shutdown(checkpoint_location: int) -> None:
            clock.sleep(seconds)
            self.asked.append(checkpoint_location)

        on_shutdown(77)
        assert self  # keeps it in the closure, as Patroni does

    def run_cycle(self, seconds: float) -> None:
        clock.sleep(seconds)


def took(action, *args: float) -> float:
    begin = time.monotonic()
    action(*args)
    return time.monotonic() - begin


class Sleeps(unittest.TestCase):
    def test_ends_when_another_member_leads(self) -> None:
        for name in ("demote", "process_unhealthy_cluster"):
            ha = Ha([None, "postgres-1", "postgres-2"])
            self.assertLess(took(getattr(ha, name), 20.0), 10.0, name)
            self.assertEqual(ha.leaders, ["postgres-2"])

    def test_lasts_while_nobody_else_does(self) -> None:
        for leaders in ([None], ["postgres-1"], ["no etcd"]):
            self.assertGreaterEqual(took(Ha(list(leaders)).demote, 0.2), 0.19, leaders)

    def test_ends_when_a_replica_has_the_checkpoint(self) -> None:
        ha = Ha([None], [False, False, True])
        self.assertLess(took(ha.shut_down, 20.0), 10.0)
        self.assertEqual(ha.asked, [77] * 4)

    def test_other_sleeps_are_left_alone(self) -> None:
        ha = Ha(["postgres-2"])
        self.assertGreaterEqual(took(ha.run_cycle, 0.1), 0.09)

    def test_the_rest_of_time_is_there(self) -> None:
        self.assertAlmostEqual(clock.time(), time.time(), delta=5)


class Quiet(unittest.TestCase):
    """Patroni's API while a restored database recovers."""

    def ask(self, **bootstrap: bool) -> list:
        state = types.SimpleNamespace(bootstrap=types.SimpleNamespace(**bootstrap))
        server = types.SimpleNamespace(patroni=types.SimpleNamespace(postgresql=state))
        query = quiet_while_restoring(lambda _, sql, *values: [sql, *values], ConnectionError)
        return query(server, "SELECT 1", 7)

    def test_no_connection_is_tried_then(self):
        with self.assertRaises(ConnectionError):
            self.ask(running_custom_bootstrap=True)

    def test_else_the_question_is_asked(self):
        self.assertEqual(self.ask(running_custom_bootstrap=False), ["SELECT 1", 7])

    def test_a_patroni_that_names_it_otherwise_asks_as_ever(self):
        self.assertEqual(self.ask(), ["SELECT 1", 7])


class Attended(unittest.TestCase):
    """A paused replay, which Patroni would resume."""

    def resumed(self, paused: bool, attended: object) -> bool:
        calls = []

        def query(*_: object, **__: object) -> list:
            if isinstance(attended, Exception):
                raise attended
            return [(attended,)]

        state = types.SimpleNamespace(replay_paused=lambda: paused, query=query)
        unless_attended(calls.append)(state)
        return bool(calls)

    def test_a_pause_that_a_session_holds_is_left_alone(self):
        self.assertFalse(self.resumed(True, True))

    def test_else_patroni_does_as_ever(self):
        self.assertTrue(self.resumed(True, False))
        self.assertTrue(self.resumed(False, True))
        self.assertTrue(self.resumed(True, OSError("no connection")))


class Topology(unittest.TestCase):
    """An etcd that lost all its data has no failsafe topology; the last one stays in force."""

    def setUp(self) -> None:
        class Dcs:
            def __init__(self) -> None:
                self.read: dict[str, str] | None = {}

            failsafe = Remembered(lambda dcs: dcs.read)

        self.dcs = Dcs()

    def test_an_emptied_etcd_leaves_the_last_one(self) -> None:
        both = {"postgres-1": "http://one/patroni", "postgres-2": "http://two/patroni"}
        self.dcs.read = both
        self.assertEqual(self.dcs.failsafe, both)
        self.dcs.read = None
        self.assertEqual(self.dcs.failsafe, both)

    def test_a_new_one_replaces_it(self) -> None:
        self.dcs.read = {"postgres-1": "http://one/patroni"}
        self.assertEqual(len(self.dcs.failsafe), 1)
        self.dcs.read = {"postgres-2": "http://two/patroni"}
        self.assertEqual(self.dcs.failsafe, {"postgres-2": "http://two/patroni"})
        self.dcs.read = None
        self.assertEqual(self.dcs.failsafe, {"postgres-2": "http://two/patroni"})

    def test_none_was_ever_read(self) -> None:
        self.assertEqual(self.dcs.failsafe, {})
        self.dcs.read = None
        self.assertEqual(self.dcs.failsafe, {})


class Process:
    """As much of psutil's Process, and of Patroni's, as tells whose PostgreSQL it is."""

    def __init__(self, command: list[str], cwd: str = "/data", pid: int = 126) -> None:
        self.pid = pid
        self.command = command
        self.folder = cwd
        self._postmaster_pid = {"data_dir": "/data"}

    def ppid(self) -> int:
        return 1

    def cmdline(self) -> list[str]:
        return self.command

    def cwd(self) -> str:
        return self.folder


class Postmaster(unittest.TestCase):
    """Patroni's own PostgreSQL is known after a step of the clock."""

    ours = ["/usr/lib/postgresql/17/bin/postgres", "-D", "/data", "--port=5432"]

    def is_postmaster(self, process: Process, own: bool = False) -> bool:
        return whatever_the_clock(lambda _: own)(process)

    def test_by_its_command_and_its_folder(self) -> None:
        self.assertTrue(self.is_postmaster(Process(self.ours)))

    def test_patronis_own_yes_stands(self) -> None:
        self.assertTrue(self.is_postmaster(Process(["anything"]), own=True))

    def test_a_stranger_under_its_number_is_none(self) -> None:
        for stranger in (
            Process(["sleep", "-D", "/data"]),
            Process(["postgres: two-sites-a: checkpointer "]),
            Process(["/usr/lib/postgresql/17/bin/postgres", "-D", "/other"]),
            Process(self.ours, cwd="/other"),
            Process(self.ours, pid=os.getpid()),
            Process([]),
        ):
            self.assertFalse(self.is_postmaster(stranger), stranger.command)


if __name__ == "__main__":
    unittest.main()
