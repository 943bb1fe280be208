"""Dead connections, real ones: closed, and the request tried once more where that is safe."""

from collections.abc import Callable
from unittest.mock import call, patch

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connections, transaction
from django.http import HttpRequest
from django.test import override_settings

from routing import metrics, replicas, state
from routing.errors import TooManyWaiting
from routing.tests.world import LEADER, STANDBY, StandbyTest, reads_from
from routing.tokens import COOKIE

KEY = {"HTTP_IDEMPOTENCY_KEY": "k-1"}


def end_session(alias: str) -> None:
    """What a server that shuts down does to a session: 57P01."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


class SecondTryTest(StandbyTest):
    def setUp(self) -> None:
        super().setUp()
        self.tries = 0

    def failing(self, times: int, fail: Callable[[], object]):
        def view(request: HttpRequest) -> str:
            self.tries += 1
            if self.tries <= times:
                fail()
            return f"{self.tries} {state.read_alias()}"

        return view

    def test_safe_requests_are_tried_once_more(self) -> None:
        for method in ("get", "options"):
            with self.subTest(method):
                self.tries = 0
                view = self.failing(1, lambda: end_session(LEADER))
                self.assertEqual(self.text(view, method), f"2 {STANDBY}")

    def test_never_a_third_time(self) -> None:
        answer = self.visit(self.failing(9, lambda: end_session(LEADER)))
        self.assertEqual((answer.status_code, answer["Retry-After"]), (503, "5"))
        self.assertEqual(self.tries, 2)

    def test_an_unsafe_request_only_with_a_key_that_its_view_honours(self) -> None:
        def view() -> Callable[[HttpRequest], str]:
            self.tries = 0
            return self.failing(1, lambda: end_session(LEADER))

        for path, kwargs, tries in (
            ("/plain", {}, 1),
            ("/plain", KEY, 1),
            ("/keyed", {}, 1),
            ("/keyed", {"data": {"key": ""}}, 1),
            ("/keyed", KEY, 2),
            ("/keyed", {"data": {"key": "k-1"}}, 2),
            ("/keyed", {"data": '{"a": 1}', "content_type": "application/json"} | KEY, 2),
        ):
            with self.subTest(path=path, **kwargs):
                answer = self.visit(view(), "post", path, **kwargs)
                self.assertEqual(answer.status_code, 503 if tries == 1 else 200)
                self.assertEqual(self.tries, tries)

    def test_the_body_is_there_again_and_files_are_not(self) -> None:
        def view(request: HttpRequest) -> str:
            self.tries += 1
            text = request.POST["key"] + "".join(
                one.read().decode() for one in request.FILES.values()
            )
            if self.tries == 1:
                end_session(LEADER)
            return text

        self.assertEqual(self.text(view, "post", "/keyed", data={"key": "k-1"}), "k-1")
        self.tries = 0
        data = {"key": "k-1", "file": SimpleUploadedFile("a", b"x")}
        self.assertEqual(self.visit(view, "post", "/keyed", data=data).status_code, 503)
        self.assertEqual(self.tries, 1)

    def test_what_the_first_try_left_on_the_request_is_gone(self) -> None:
        def view(request: HttpRequest) -> str:
            left = hasattr(request, "left")
            request.left = True
            request.session["tries"] = request.session.get("tries", 0) + 1
            self.tries += 1
            if self.tries == 1:
                end_session(LEADER)
            return f"{left} {request.session['tries']}"

        self.assertEqual(self.text(view), "False 1")

    def test_nothing_else_is_tried_again(self) -> None:
        def mistake() -> None:
            with connections[LEADER].cursor() as cursor:
                cursor.execute("SELECT 1/0")

        self.client.raise_request_exception = False
        self.assertEqual(self.visit(self.failing(1, mistake)).status_code, 500)
        self.assertEqual(self.tries, 1)

    @override_settings(ROUTING_RETRY_PAUSE_SECONDS=0.3)
    def test_the_leader_is_given_a_moment_and_a_replica_none(self) -> None:
        for alias, pauses in ((LEADER, [call(0.3)]), (STANDBY, [])):
            self.tries = 0
            with patch("routing.middleware.time.sleep") as sleep:
                self.text(self.failing(1, lambda alias=alias: end_session(alias)))
            self.assertEqual(sleep.mock_calls, pauses)

    @override_settings(ROUTING_RETRY_WITHIN_SECONDS=0)
    def test_not_after_a_long_wait(self) -> None:
        answer = self.visit(self.failing(1, lambda: end_session(LEADER)))
        self.assertEqual((answer.status_code, self.tries), (503, 1))

    def test_a_demoted_leader_is_left_though_it_answers_health_checks(self) -> None:
        """SQLSTATE 25006: the old connection would pass every SELECT 1, and take no write ever."""
        self.demote()
        self.assertTrue(connections[LEADER].is_usable())

        def write(request: HttpRequest) -> str:
            self.tries += 1
            return str(Group.objects.create(name="sailors").pk)

        answer = self.visit(write, "post")  # without a key: an honest 503 ...
        self.assertEqual((answer.status_code, self.tries), (503, 1))
        self.assertEqual(self.client.cookies[COOKIE]["max-age"], 10)
        self.text(write, "post")  # ... and the next one meets the leader
        Group.objects.all().delete()
        self.demote()
        self.tries = 0
        before = metrics.RETRIES.labels("read_only", "true")._value.get()
        self.text(write, "post", "/keyed", **KEY)
        self.assertEqual(self.tries, 2)
        self.assertEqual(metrics.RETRIES.labels("read_only", "true")._value.get() - before, 1)
        self.assertEqual(Group.objects.count(), 1)

    def test_so_it_is_in_a_transaction_whose_view_caught_the_error(self) -> None:
        self.demote()

        def view(request: HttpRequest) -> str:
            try:
                with transaction.atomic():
                    Group.objects.create(name="sailors")
            except DatabaseError:
                return "caught"
            return "written"

        self.assertEqual(self.text(view, "post"), "caught")
        self.assertEqual(self.text(view, "post"), "written")

    def test_outside_a_request_the_connection_is_closed_as_well(self) -> None:
        self.demote()
        with self.assertRaises(DatabaseError):
            Group.objects.create(name="sailors")
        Group.objects.create(name="sailors")

    def demote(self) -> None:
        """The present connection of the leader's alias leads to a server that only replays."""
        leader = connections[LEADER]
        port = leader.settings_dict["PORT"]
        leader.close()
        leader.settings_dict["PORT"] = connections[STANDBY].settings_dict["PORT"]
        try:
            leader.ensure_connection()
        finally:
            leader.settings_dict["PORT"] = port

    def test_a_replica_that_ends_its_session_costs_a_second_try(self) -> None:
        view = self.failing(1, lambda: end_session(state.read_alias()))
        self.assertEqual(self.text(view), f"2 {STANDBY}")

    def test_replicas_that_are_away_are_left_for_the_leader_and_asked_again(self) -> None:
        standby = connections[STANDBY]
        port = standby.settings_dict["PORT"]
        standby.close()
        standby.settings_dict["PORT"] = "1"
        try:
            self.assertEqual(self.text(self.failing(0, lambda: None)), f"1 {LEADER}")
        finally:
            standby.settings_dict["PORT"] = port
        self.assertEqual(self.text(reads_from), LEADER)  # not asked again yet
        replicas.forget()
        self.assertEqual(self.text(reads_from), STANDBY)

    def test_too_many_waiting_is_an_answer_at_once(self) -> None:
        def refuse() -> None:
            raise TooManyWaiting("4 requests wait for the leader already")

        before = metrics.AWAY.labels("waiting")._value.get()
        answer = self.visit(self.failing(9, refuse))
        self.assertEqual((answer.status_code, self.tries), (503, 1))
        self.assertEqual(metrics.AWAY.labels("waiting")._value.get() - before, 1)
