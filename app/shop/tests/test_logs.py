"""What a request leaves in the log, in PostgreSQL's log and in the metrics."""

import io
import json
import logging
from unittest.mock import patch

from django.db import connections
from django.test import Client, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY

from shop import views
from shop_site import logs

ID = "test-request.1"


class LogsTest(TransactionTestCase):
    databases = {"default", "replica"}

    def setUp(self) -> None:
        logging.disable(logging.NOTSET)  # the runner's own silence
        self.addCleanup(logging.disable, logging.CRITICAL)
        self.written = io.StringIO()
        handler = logs.Handler(self.written)
        handler.setFormatter(logs.JsonFormatter())
        root = logging.getLogger()
        self.addCleanup(setattr, root, "handlers", root.handlers)
        root.handlers = [handler]

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def counted(self, level: str) -> float:
        return REGISTRY.get_sample_value("holdfast_app_log_lines_total", {"level": level}) or 0

    def test_a_request_is_one_line_with_all_that_one_looks_for(self) -> None:
        before = self.counted("info")
        answer = self.client.get("/", headers={"X-Request-ID": ID})
        self.assertEqual(answer["X-Request-ID"], ID)
        (line,) = self.lines()
        self.assertEqual(self.counted("info"), before + 1)
        self.assertEqual(
            {"requestId": ID, "level": "info", "view": "home", "status": 200, "method": "GET"},
            {key: line[key] for key in ("requestId", "level", "view", "status", "method")},
        )
        self.assertEqual(line["databases"], ["replica"])
        self.assertGreater(line["milliseconds"], 0)
        self.assertEqual(line["user"], self.client.session["visitor"])

    def test_an_error_is_a_line_with_its_traceback_and_is_counted(self) -> None:
        before = self.counted("error")
        client = Client(raise_request_exception=False)
        with patch.object(views.Product, "objects", None):
            answer = client.get("/", headers={"X-Request-ID": ID})
        self.assertEqual(answer.status_code, 500)
        self.assertEqual(self.counted("error"), before + 1)
        (error,) = [line for line in self.lines() if line["level"] == "error"]
        self.assertEqual(error["requestId"], ID)
        self.assertIn("Traceback", error["exception"])
        self.assertIn("AttributeError", error["exception"])

    def test_levels_are_counted_from_zero(self) -> None:
        for level in ("info", "warning", "error", "critical"):
            value = REGISTRY.get_sample_value("holdfast_app_log_lines_total", {"level": level})
            self.assertIsNotNone(value, level)

    def test_statements_name_their_request_and_no_other(self) -> None:
        with (
            CaptureQueriesContext(connections["default"]) as leader,
            CaptureQueriesContext(connections["replica"]) as replica,
        ):
            self.client.get("/", headers={"X-Request-ID": ID})
            asked = len(leader.captured_queries) + len(replica.captured_queries)
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT %s", ["between requests"])
        statements = [entry["sql"] for entry in [*leader, *replica]]
        self.assertGreater(asked, 0)
        own = [sql for sql in statements if sql.endswith(f"/*request={ID}*/")]
        plain = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
        others = [sql for sql in statements if sql not in own and not sql.startswith(plain)]
        self.assertGreater(len(own), 0)
        self.assertEqual(others, ["SELECT 'between requests'"])

    def test_what_is_no_plain_word_gets_into_no_statement(self) -> None:
        evil = "x*/ DROP TABLE users; --"
        with CaptureQueriesContext(connections["replica"]) as replica:
            answer = self.client.get("/", headers={"X-Request-ID": evil})
        self.assertRegex(answer["X-Request-ID"], r"^[0-9a-f]{32}$")
        self.assertNotIn("DROP", "".join(entry["sql"] for entry in replica))
        self.assertNotIn("DROP", self.written.getvalue())

    def test_the_next_request_of_a_thread_has_its_own_name(self) -> None:
        self.client.get("/", headers={"X-Request-ID": ID})
        self.assertEqual(logs.request_id.get(), "")
        self.client.get("/")
        first, second = self.lines()
        self.assertNotEqual(first["requestId"], second["requestId"])
