"""What a drain asks of this site's leader, over SQL."""

import contextlib
from collections.abc import Iterator

import psycopg2

POSTGRES_PORT = 5432
# Holdfast's own sessions end with PostgreSQL, or not at all.
OWN_ROLES = ("postgres", "replication", "rewind", "monitor", "backup", "pgbouncer")

BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()
  AND usename <> ALL (%s)
"""
END = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename <> ALL (%s)
"""


class Database:
    """One member, as superuser."""

    def __init__(self, address: str, password: str) -> None:
        self._address, self._password = address, password

    def busy(self) -> int:
        """Clients that are in a transaction."""
        return int(self._one(BUSY, (list(OWN_ROLES),)))

    def end_clients(self) -> int:
        """Ends what is left of them."""
        return int(self._one(END, (list(OWN_ROLES),)))

    def checkpoint(self) -> str:
        """Writes one, so that the end takes no time; returns the position after it."""
        with self._cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
            return str(cursor.fetchone()[0])

    def takes_writes(self) -> bool:
        """Whether it is a primary whose promotion has ended."""
        try:
            return not self._one("SELECT pg_is_in_recovery()")
        except psycopg2.Error:
            return False

    def _one(self, query: str, values: tuple = ()) -> object:
        with self._cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchone()[0]

    @contextlib.contextmanager
    def _cursor(self) -> Iterator:
        connection = psycopg2.connect(
            host=self._address, port=POSTGRES_PORT, user="postgres", password=self._password,
            dbname="postgres", connect_timeout=2, application_name="holdfast-site-agent",
        )  # fmt: skip
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()
