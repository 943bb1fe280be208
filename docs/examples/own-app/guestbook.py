"""A guest book: writes by the leader's URL, reads by the replica's."""

import os
import sys

import psycopg


def sql(url_file, statement, *values):
    """One statement, one connection: the poolers keep the expensive ones open."""
    with open(os.environ[url_file]) as url, psycopg.connect(url.read()) as connection:
        return connection.execute(statement, values).fetchall()


def app(environ, start_response):
    """GET / reads the newest greetings, POST / writes one."""
    status, body = "200 OK", "ok\n"
    if environ["REQUEST_METHOD"] == "POST":
        text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        insert = "INSERT INTO greetings (text) VALUES (%s) RETURNING id"
        status, body = "201 Created", f"{sql('DATABASE_URL_FILE', insert, text)[0][0]}\n"
    elif environ["PATH_INFO"] not in ("/", "/healthz"):
        status, body = "404 Not Found", "there is only /\n"
    elif environ["PATH_INFO"] == "/":  # /healthz asks no database: see own-app.md
        read = "SELECT id, text FROM greetings ORDER BY id DESC LIMIT 10"
        body = "".join(f"{number} {text}\n" for number, text in sql("REPLICA_URL_FILE", read))
    served = ("X-Instance", os.environ["HOLDFAST_INSTANCE"])
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), served])
    return [body.encode()]


if __name__ == "__main__":  # the setting application.migrate: [python3, guestbook.py]
    with psycopg.connect(sys.stdin.read()) as leader:
        leader.execute("SELECT pg_advisory_xact_lock(7)")
        columns = "id bigserial PRIMARY KEY, text text NOT NULL"
        leader.execute(f"CREATE TABLE IF NOT EXISTS greetings ({columns})")
