"""What /healthz knows: whether each database answers, as which role, and whether we are leaving.

A thread per database asks once a second for as long as somebody reads the answers, so the check
itself never waits for a database: a handover, during which the pooler makes every query wait,
slows no check down. What was seen is shared by all workers of the instance (memory taken before
they fork), so they answer alike, also one that started during an outage.
"""

import logging
import threading
import time
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray

from django.conf import settings
from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)

PROBE_SECONDS = 1.0
IDLE_SECONDS = 30.0  # without readers for so long, the threads end and close their connections
FIRST_ANSWER_SECONDS = 2.0  # how long the first check of a worker waits for the first answers

DRAIN_FILE = settings.RUN_DIR / "draining"
UNKNOWN, LEADER, REPLICA = 0.0, 1.0, 2.0
ROLES = {UNKNOWN: "unknown", LEADER: "leader", REPLICA: "replica"}


@dataclass
class Seen:
    """The last answer of one database: [time.monotonic() in seconds, role], shared by workers."""

    cells: "RawArray[float]"

    @property
    def ever(self) -> bool:
        return self.cells[0] > 0

    @property
    def age(self) -> float:
        """Seconds since the last answer."""
        return time.monotonic() - self.cells[0]


class Health:
    """The state behind /healthz; one object a process, made before the workers fork."""

    def __init__(self, aliases: list[str], grace_seconds: float) -> None:
        self.grace_seconds = grace_seconds
        self.seen = {alias: Seen(RawArray("d", 2)) for alias in aliases}
        self.migrated = RawArray("b", 1)
        self.read_at = 0.0
        self._threads: dict[str, threading.Thread] = {}
        self._errors: dict[str, str] = {}
        self._lock = threading.Lock()

    def report(self) -> tuple[int, dict[str, object]]:
        """HTTP status and body of /healthz."""
        if DRAIN_FILE.exists():
            return 503, {"status": "draining"}
        self._watch()
        databases = {alias: self._database(alias) for alias in self.seen}
        if not self.migrated[0]:
            reason = self._errors.get("migrations", "the database has not answered yet")
            return 503, {"status": "starting", "reason": reason, "database": databases}
        if not any(seen.age < self.grace_seconds for seen in self.seen.values()):
            return 503, {"status": "unavailable", "database": databases}
        answering = all(entry["status"] == "ok" for entry in databases.values())
        return 200, {"status": "ok" if answering else "degraded", "database": databases}

    def _database(self, alias: str) -> dict[str, object]:
        seen = self.seen[alias]
        # Two rounds missed: it does not answer now, whatever the grace period allows.
        entry: dict[str, object] = {
            "status": "ok" if seen.ever and seen.age < 2 * PROBE_SECONDS + 0.5 else "no answer",
            "role": ROLES[seen.cells[1]],
        }
        if seen.ever:
            entry["secondsSinceAnswer"] = round(seen.age, 1)
        if entry["status"] != "ok" and alias in self._errors:
            entry["error"] = self._errors[alias]
        return entry

    def _watch(self) -> None:
        """See to it that each database has its thread, and give first answers a moment."""
        self.read_at = time.monotonic()
        started = False
        with self._lock:
            for alias in self.seen:
                thread = self._threads.get(alias)
                if thread is None or not thread.is_alive():
                    thread = threading.Thread(target=self._probe, args=(alias,), daemon=True)
                    thread.start()
                    self._threads[alias] = thread
                    started = True
        if started:
            deadline = self.read_at + FIRST_ANSWER_SECONDS
            while time.monotonic() < deadline and not self._fresh():
                time.sleep(0.02)

    def _fresh(self) -> bool:
        return bool(self.migrated[0]) and all(
            seen.ever and seen.age < 2 * PROBE_SECONDS for seen in self.seen.values()
        )

    def _probe(self, alias: str) -> None:
        connection = connections[alias]  # Django's connections are one a thread: this is our own
        seen = self.seen[alias]
        while time.monotonic() - self.read_at < IDLE_SECONDS:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_is_in_recovery()")
                    (in_recovery,) = cursor.fetchone()
                if alias == "default" and not self.migrated[0]:
                    self._check_migrations(connection)
                seen.cells[1] = REPLICA if in_recovery else LEADER
                seen.cells[0] = time.monotonic()
                if self._errors.pop(alias, None):
                    log.warning("database %s answers again", alias)
            except Error as error:
                if alias not in self._errors:
                    log.warning("database %s does not answer: %s", alias, _first_line(error))
                self._errors[alias] = _first_line(error)
                connection.close()
            except Exception:
                log.exception("probe of database %s", alias)
                connection.close()
            time.sleep(PROBE_SECONDS)
        connection.close()

    def _check_migrations(self, connection: object) -> None:
        """Once: this version's migrations are all in the database. Later ones are not ours."""
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            last = plan[-1][0]
            self._errors["migrations"] = (
                f"{len(plan)} migrations not applied, up to {last.app_label}.{last.name}"
            )
        else:
            self._errors.pop("migrations", None)
            self.migrated[0] = 1


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


health = Health(list(settings.DATABASES), settings.HEALTH_GRACE_SECONDS)
