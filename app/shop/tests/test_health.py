"""/healthz and /metrics: what they claim."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from django.db import connections
from django.test import Client, TransactionTestCase, override_settings

from shop_site import health, operations
from shop_site.health import Health


class HealthTest(TransactionTestCase):
    databases = {"default", "replica"}

    def setUp(self) -> None:
        folder = self.enterContext(TemporaryDirectory())
        self.drain = Path(folder) / "draining"
        self.enterContext(patch.object(health, "DRAIN_FILE", self.drain))
        self.enterContext(patch.object(health, "PROBE_SECONDS", 0.05))
        self.health = Health(["default", "replica"], grace_seconds=60)
        self.enterContext(patch.object(operations, "health", self.health))
        self.addCleanup(self.end)

    def end(self) -> None:
        with patch.object(health, "IDLE_SECONDS", 0):
            for thread in self.health._threads.values():
                thread.join(5)

    def get(self) -> tuple[int, dict]:
        answer = Client(headers={"Host": "not.allowed"}).get("/healthz")
        return answer.status_code, answer.json()

    def last_answer(self, seconds_ago: float) -> None:
        """As if the databases had answered then for the last time, and the probes now fail."""
        self.enterContext(patch.object(self.health, "_watch"))
        self.health.migrated[0] = 1
        for seen in self.health.seen.values():
            seen.cells[:] = [time.monotonic() - seconds_ago, health.LEADER]

    @override_settings(ALLOWED_HOSTS=["shop.example"])
    def test_ok_for_any_host(self) -> None:
        status, body = self.get()
        self.assertEqual((status, body["status"]), (200, "ok"))
        self.assertEqual(body["database"]["default"]["role"], "leader")

    def test_draining(self) -> None:
        self.drain.touch()
        self.assertEqual(self.get(), (503, {"status": "draining"}))

    def test_a_database_that_never_answered(self) -> None:
        with (
            patch.dict(connections["default"].settings_dict, {"PORT": "1"}),
            patch.object(health, "FIRST_ANSWER_SECONDS", 0.3),
        ):
            status, body = self.get()
            self.end()
        self.assertEqual((status, body["status"]), (503, "starting"))
        self.assertEqual(body["database"]["default"]["status"], "no answer")

    def test_migrations_not_applied(self) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name = 'x' WHERE name = '0002_products'")
        self.addCleanup(self.restore)
        with patch.object(health, "FIRST_ANSWER_SECONDS", 0.5):
            status, body = self.get()
        self.assertEqual((status, body["status"]), (503, "starting"))
        self.assertIn("1 migrations not applied, up to shop.0002_products", body["reason"])
        self.restore()
        time.sleep(0.5)
        self.assertEqual(self.get()[0], 200)

    def restore(self) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name = '0002_products' WHERE name = 'x'")

    def test_within_the_grace_period_it_serves_on(self) -> None:
        self.last_answer(seconds_ago=50)
        status, body = self.get()
        self.assertEqual((status, body["status"]), (200, "degraded"))
        self.assertEqual(body["database"]["default"]["status"], "no answer")

    def test_after_the_grace_period_it_does_not(self) -> None:
        self.last_answer(seconds_ago=61)
        self.assertEqual(self.get()[0], 503)

    def test_one_database_is_enough_to_serve_reads(self) -> None:
        self.last_answer(seconds_ago=500)
        self.health.seen["replica"].cells[0] = time.monotonic()
        self.assertEqual(self.get()[1]["status"], "degraded")

    def test_metrics(self) -> None:
        self.client.get("/orders/")
        page = self.client.get("/metrics")
        self.assertContains(page, "django_http_requests_before_middlewares_total")
        self.assertContains(page, 'django_db_execute_total{alias="replica"')
