"""What the pooler's agent asks a member's PostgreSQL itself."""

import psycopg2
import psycopg2.extensions

from pooler.bounded import bounded

PORT = 5432
# One question; a server that was frozen takes packets and never answers. Seconds.
ANSWER_SECONDS = 3.0

psycopg2.extensions.set_wait_callback(bounded(ANSWER_SECONDS))


class Postgres:
    """Sessions as the role that PgBouncer logs in with; each question within ANSWER_SECONDS."""

    def __init__(self, database: str, password: str) -> None:
        self._database = database
        self._password = password

    def session(self, address: str) -> "psycopg2.extensions.connection":
        """A session without a transaction. Raises psycopg2.Error."""
        connection = psycopg2.connect(
            host=address, port=PORT, user="pgbouncer", password=self._password,
            dbname=self._database, connect_timeout=2, sslmode="disable",
            application_name="holdfast-pooler", options="-c statement_timeout=1000",
            tcp_user_timeout=2000,
        )
        # An idle session must hold no transaction open.
        connection.autocommit = True
        return connection

    def takes_writes(self, address: str) -> bool:
        """Whether it answers, and is no replica."""
        try:
            connection = self.session(address)
        except psycopg2.Error:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery()")
                row = cursor.fetchone()
                return row is not None and row[0] is False
        except psycopg2.Error:
            return False
        finally:
            connection.close()
