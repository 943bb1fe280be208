"""What is decided without a database: errors, positions, plain SQL, settings, the admin."""

from unittest.mock import patch

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory, SimpleTestCase, override_settings
from django.urls import resolve

from routing import errors, state, tokens
from routing.middleware import RoutingMiddleware
from routing.position import Position
from routing.watch import writes


class Answer(Exception):
    """A driver's error with a server's SQLSTATE."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def error(sqlstate: str | None, made: type[Exception] = OperationalError) -> Exception:
    raised = made("it says so")
    raised.__cause__ = Answer(sqlstate)
    return raised


class ErrorsTest(SimpleTestCase):
    def test_kinds(self) -> None:
        kinds = {
            "25006": errors.READ_ONLY,
            "57P01": errors.SHUTDOWN,
            "57P02": errors.SHUTDOWN,
            "57P03": errors.SHUTDOWN,
            "57P04": None,
            "57014": None,
            "08006": errors.CONNECTION,
            "08P01": errors.CONNECTION,
            "53300": errors.FULL,
            "40001": None,
            "23505": None,
            None: errors.CONNECTION,
        }
        for sqlstate, kind in kinds.items():
            with self.subTest(sqlstate):
                self.assertEqual(errors.kind(error(sqlstate)), kind)
        # psycopg's class for it, and so Django's, is another one.
        self.assertEqual(errors.kind(error("25006", DatabaseError)), errors.READ_ONLY)
        self.assertEqual(errors.kind(InterfaceError("connection already closed")), "connection")
        self.assertEqual(errors.kind(error("40001"), on_replica=True), errors.CONFLICTED)
        self.assertIsNone(errors.kind(error(None, IntegrityError)))
        self.assertIsNone(errors.kind(ValueError("no database error")))

    def test_what_is_repeated_and_what_closed(self) -> None:
        full, waiting = error("53300"), errors.TooManyWaiting()
        for one in (full, waiting):
            self.assertFalse(errors.is_dead(one))
            self.assertNotIn(errors.kind(one), errors.REPEATABLE)
        self.assertTrue(errors.is_dead(errors.Demoted()))
        self.assertFalse(errors.is_dead(error("40001")))


class PositionTest(SimpleTestCase):
    def test_text_and_back(self) -> None:
        for text, timeline, lsn in (
            ("1:0/0", 1, 0),
            ("A:1/2", 10, (1 << 32) + 2),
            ("2:16/B374D848", 2, (0x16 << 32) + 0xB374D848),
        ):
            self.assertEqual(Position.parse(text), Position(timeline, lsn))
            self.assertEqual(str(Position(timeline, lsn)), text)
        for text in ("", "1", "leader", "1:0", "1:0/0/0", "1:x/0", "1:0/123456789"):
            self.assertIsNone(Position.parse(text), text)
        self.assertEqual(Position.parse("00000001:0/A"), Position(1, 10))  # as PostgreSQL gives it

    def test_a_timeline_settles_with_time(self) -> None:
        tokens.forget()
        with patch("routing.tokens.time.monotonic") as now:
            now.return_value = 1000.0
            self.assertFalse(tokens.is_settled(2))
            now.return_value = 1014.9
            self.assertFalse(tokens.is_settled(2))
            now.return_value = 1015.0
            self.assertTrue(tokens.is_settled(2))
            self.assertFalse(tokens.is_settled(3))
        tokens.forget()


class PlainSqlTest(SimpleTestCase):
    def test_reads(self) -> None:
        for sql in ("SELECT 1", "  select updated FROM t", "SHOW x", "EXPLAIN SELECT 1", "BEGIN"):
            self.assertFalse(writes(sql), sql)

    def test_writes(self) -> None:
        for sql in (
            "INSERT INTO t VALUES (1)",
            "\n update t SET a = 1",
            "DELETE FROM t",
            "MERGE INTO t",
            "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
            "SELECT * FROM t FOR UPDATE",
            "SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED",
            "SELECT nextval('s')",
            "CREATE TABLE t ()",
            "CALL p()",
        ):
            self.assertTrue(writes(sql), sql)


class ProjectTest(SimpleTestCase):
    def found(self) -> set[str]:
        return {one.id for one in run_checks() if one.id.startswith("routing.")}

    def test_checks(self) -> None:
        self.assertEqual(self.found(), set())
        ours, sessions = (
            "routing.middleware.RoutingMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
        )
        without = [one for one in settings.MIDDLEWARE if one != ours]
        with override_settings(MIDDLEWARE=without, DATABASE_ROUTERS=[]):
            self.assertEqual(self.found(), {"routing.E001", "routing.E002"})
        with override_settings(MIDDLEWARE=[*without, ours]):
            self.assertEqual(self.found(), {"routing.W001"})
        self.assertIn(sessions, without)
        strict = {"OPTIONS": {"isolation_level": 3}}
        databases = settings.DATABASES | {"replica": settings.DATABASES["replica"] | strict}
        with patch.object(settings, "DATABASES", databases):
            self.assertEqual(self.found(), {"routing.E004"})

    def test_the_admin_reads_from_the_leader(self) -> None:
        request = RequestFactory().get("/admin/")
        request.resolver_match = resolve("/admin/")
        middleware = RoutingMiddleware(lambda request: HttpResponse())
        with state.request() as current:
            middleware.process_view(request, None, (), {})
            self.assertTrue(current.pinned)
