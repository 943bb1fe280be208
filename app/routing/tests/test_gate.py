"""Writes that wait for the leader leave the other threads to readers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from django.contrib.auth.models import Group
from django.db import connections, transaction
from django.http import HttpRequest
from django.test import Client, SimpleTestCase

from routing import gate as gates
from routing import state
from routing.errors import TooManyWaiting
from routing.gate import Gate
from routing.tests.world import LEADER, Here, StandbyTest


class GateTest(SimpleTestCase):
    def setUp(self) -> None:
        self.gate = Gate(2)
        self.gate.enter("a")
        self.gate.enter("b")

    def seconds_until_refused(self) -> float:
        began = time.monotonic()
        with self.assertRaises(TooManyWaiting):
            self.gate.enter("c")
        return time.monotonic() - began

    def test_one_place_each(self) -> None:
        self.gate.enter("a")
        self.gate.leave("a")
        self.gate.leave("a")
        self.gate.enter("c")

    @patch.object(gates, "PATIENCE_SECONDS", 0.2)
    def test_the_first_refusal_takes_a_moment_and_the_next_ones_none(self) -> None:
        self.assertGreater(self.seconds_until_refused(), 0.1)
        self.assertLess(self.seconds_until_refused(), 0.15)

    @patch.object(gates, "PATIENCE_SECONDS", 0.2)
    @patch.object(gates, "LONGEST_WAIT_SECONDS", 0.6)
    def test_while_somebody_inside_moves_on_it_waits(self) -> None:
        ticking = threading.Event()

        def tick() -> None:
            while not ticking.wait(0.05):
                self.gate.moved()

        thread = threading.Thread(target=tick)
        thread.start()
        try:
            self.assertGreater(self.seconds_until_refused(), 0.5)
        finally:
            ticking.set()
            thread.join()

    @patch.object(gates, "PATIENCE_SECONDS", 3)
    def test_where_places_come_free_nobody_is_refused(self) -> None:
        served = []

        def serve(n: int) -> None:
            self.gate.enter(n)
            time.sleep(0.02)
            served.append(n)
            self.gate.leave(n)

        self.gate.leave("a")
        with ThreadPoolExecutor(8) as pool:  # one place for eight, for 0.8 s
            list(pool.map(serve, range(40)))
        self.assertEqual(len(served), 40)

    @patch.object(gates, "LONGEST_WAIT_SECONDS", 0.1)
    def test_a_wait_has_an_end(self) -> None:
        self.assertLess(self.seconds_until_refused(), 0.9)

    def test_without_a_limit(self) -> None:
        free = Gate(None)
        for who in range(100):
            free.enter(who)


class WaitingWritesTest(StandbyTest):
    """The leader holds writes up; the replica does not know."""

    LIMIT, WRITERS = 2, 6

    def test_at_most_so_many_wait_and_reads_go_on(self) -> None:
        self.enterContext(patch.object(state, "gate", Gate(self.LIMIT)))
        Here.view = staticmethod(self.view)
        with ThreadPoolExecutor(self.WRITERS) as pool:
            with transaction.atomic():
                with connections[LEADER].cursor() as cursor:
                    cursor.execute("LOCK TABLE auth_group IN SHARE MODE")
                writers = [pool.submit(self.send, "post") for _ in range(self.WRITERS)]
                refused = self.done(writers, self.WRITERS - self.LIMIT)
                self.assertEqual({status for status, _ in refused}, {503})
                self.assertLess(max(seconds for _, seconds in refused), 5)
                status, seconds = pool.submit(self.send, "post").result()
                self.assertEqual(status, 503)
                self.assertLess(seconds, 3)
                self.assertEqual(pool.submit(self.send, "get").result()[0], 200)
            served = [one.result(20)[0] for one in writers].count(200)
        self.assertEqual(served, self.LIMIT)
        self.assertEqual(Group.objects.count(), self.LIMIT)
        self.assertEqual(self.send("post")[0], 200)

    def view(self, request: HttpRequest) -> str:
        if request.method == "POST":
            with transaction.atomic():  # its connection's health check is a statement as well
                Group.objects.create(name=str(time.monotonic_ns()))
            return "written"
        return str(Group.objects.count())

    def send(self, method: str) -> tuple[int, float]:
        began = time.monotonic()
        try:
            status = getattr(Client(), method)("/plain").status_code
        finally:
            if threading.current_thread() is not threading.main_thread():
                connections.close_all()
        return status, time.monotonic() - began

    def done(self, futures: list, count: int) -> list[tuple[int, float]]:
        end = time.monotonic() + 20
        while sum(one.done() for one in futures) < count:
            self.assertLess(time.monotonic(), end, "writers wait for ever")
            time.sleep(0.02)
        time.sleep(gates.PATIENCE_SECONDS)  # and no more of them than that
        finished = [one.result() for one in futures if one.done()]
        self.assertEqual(len(finished), count)
        return finished
