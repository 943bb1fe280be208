"""Connections to PostgreSQL for Holdfast's own work: short timeouts, nothing secret logged."""

import psycopg2
import psycopg2.extensions

from bounded import bounded
from facts import POSTGRES_PORT, secret

# The longest statement here is a CHECKPOINT of 10 s.
psycopg2.extensions.set_wait_callback(bounded(15.0))
# PostgreSQL logs a failing statement with its text; `panic` keeps every text out of the log.
QUIET = "-c log_statement=none -c log_min_error_statement=panic -c log_min_duration_statement=-1"


def connect(
    host: str,
    port: int = POSTGRES_PORT,
    seconds: float = 3.0,
    quiet: bool = True,
    statement_seconds: float = 0.0,
) -> psycopg2.extensions.connection:
    """A superuser's autocommit connection.

    Args:
        seconds: bounds connecting, and how long an unanswered packet is waited for.
        statement_seconds: bounds each statement; 0 = not.
    """
    connection = psycopg2.connect(
        host=host,
        port=port,
        user="postgres",
        password=secret("postgres-superuser"),
        dbname="postgres",
        connect_timeout=max(1, round(seconds)),
        application_name="holdfast",
        options=f"{QUIET if quiet else ''} -c statement_timeout={int(statement_seconds * 1000)}",
        tcp_user_timeout=int(seconds * 1000),
    )
    connection.autocommit = True
    return connection


def rows(host: str, text: str, port: int = POSTGRES_PORT, seconds: float = 3.0) -> list[tuple]:
    """The rows of one statement on a connection of its own, all within about `seconds`."""
    connection = connect(host, port, seconds, statement_seconds=seconds)
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
