"""`holdfast-migrate`: brings the database to this version's schema, once, whoever else tries.

A deploy runs it as a job before the new instances serve. The URL must lead to the leader itself
(router or members with target_session_attrs=read-write), not through a transaction pooler: the
lock belongs to the session.
"""

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

LOCK = 7_451_906_031  # any number, the same in every version: who migrates this database
LOCK_NOT_AVAILABLE = "55P03"
# A migration that waits for a table holds up every query behind it, so it gives way and retries.
TABLE_WAIT = "3s"


class Command(BaseCommand):
    help = "Wait for the database, take the lock, apply what is missing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait",
            type=int,
            default=120,
            metavar="SECONDS",
            help="how long to wait for the database, another migration, busy tables (default 120)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.started = time.monotonic()
        self.deadline = self.started + options["wait"]
        self.connection = connections[DEFAULT_DB_ALIAS]
        self._until(self._is_leader, "the leader")
        try:
            self._until(self._lock, "another migration to end")
            self._migrate()
        except Error as error:
            raise CommandError(f"PostgreSQL said: {str(error).strip()}") from error
        finally:
            self.connection.close()

    def _migrate(self) -> None:
        missing = self._missing()
        if not missing:
            self._say("nothing to do: the schema is at this version")
            return
        self._say(f"{len(missing)} to apply, up to {missing[-1]}")
        with self.connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{TABLE_WAIT}'")
        self._until(self._apply, "busy tables")
        self._say(f"applied {len(missing)} migrations")

    def _is_leader(self) -> bool:
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery()")
                (in_recovery,) = cursor.fetchone()
        except Error as error:
            self.last_error = str(error).strip()
            self.connection.close()
            return False
        self.last_error = "it answers as a replica" if in_recovery else ""
        if in_recovery:
            self.connection.close()  # the next connection may lead elsewhere
        return not in_recovery

    def _lock(self) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
            return bool(cursor.fetchone()[0])

    def _missing(self) -> list[str]:
        executor = MigrationExecutor(self.connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return [f"{step.app_label}.{step.name}" for step, _ in plan]

    def _apply(self) -> bool:
        try:
            call_command("migrate", interactive=False)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            self.last_error = str(error).strip()
            return False
        return True

    def _until(self, ready: Any, what: str) -> None:
        """Call `ready` once a second until it is true, or the time is up."""
        self.last_error = ""
        said = False
        while not ready():
            if time.monotonic() > self.deadline:
                seconds = round(time.monotonic() - self.started)
                raise CommandError(f"waited {seconds} s for {what}. {self.last_error}".strip())
            if not said:
                self._say(f"waiting for {what}")
                said = True
            time.sleep(1)

    def _say(self, text: str) -> None:
        self.stdout.write(f"migrate: {text}")
        self.stdout.flush()
