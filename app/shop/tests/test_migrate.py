"""migrate_once: once, on the leader, whoever else tries."""

import time
from io import StringIO
from threading import Timer
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.db import connections
from django.test import TransactionTestCase

from shop.management.commands.migrate_once import LOCK


class MigrateTest(TransactionTestCase):
    databases = {"default", "replica"}

    def run_it(self, wait: int = 10) -> str:
        out = StringIO()
        call_command("migrate_once", wait=wait, stdout=out)
        return out.getvalue()

    def test_nothing_to_do(self) -> None:
        self.assertIn("nothing to do", self.run_it())

    def test_one_at_a_time(self) -> None:
        # The mirror alias is a second connection to the same database.
        other = connections["replica"].cursor()
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with self.assertRaisesMessage(CommandError, "for another migration to end"):
            self.run_it(wait=0)
        timer = Timer(0.5, lambda: other.execute("SELECT pg_advisory_unlock(%s)", (LOCK,)))
        timer.start()
        started = time.monotonic()
        self.assertIn("waiting for another migration", self.run_it())
        self.assertGreater(time.monotonic() - started, 0.4)
        timer.join()

    def test_no_database(self) -> None:
        connections["default"].close()
        with (
            patch.dict(connections["default"].settings_dict, {"PORT": "1"}),
            self.assertRaisesMessage(CommandError, "for the leader. connection"),
        ):
            self.run_it(wait=0)
