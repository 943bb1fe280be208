"""A client of the database for the live tests, run in the application's image on the host's network.

The first line of standard input is the URL, so that no password is an argument. With a second line it
runs that statement and prints its rows as JSON. Without one it writes one row after the other, from
a few connections, until standard input ends, and prints what became of them.
"""

import json
import sys
import threading
import time

import psycopg

WRITERS = 4
url = sys.stdin.readline().strip()


def connect() -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True, prepare_threshold=None)


def query(statement: str) -> None:
    with connect() as connection:
        cursor = connection.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    print(json.dumps(rows, default=str))


def write() -> None:
    done = threading.Event()
    acknowledged: list[int] = []
    failures: list[str] = []
    longest = [0.0]

    def writer(number: int) -> None:
        connection = connect()
        count = 0
        while not done.is_set():
            row, begun = number * 10_000_000 + count, time.monotonic()
            count += 1
            try:
                connection.execute("INSERT INTO live_writes (id) VALUES (%s)", (row,))
                acknowledged.append(row)
            except psycopg.Error as error:
                failures.append(f"{time.strftime('%H:%M:%S')} {error}")
                connection.close()
                time.sleep(0.2)
                try:
                    connection = connect()
                except psycopg.Error as again:
                    failures.append(f"{time.strftime('%H:%M:%S')} {again}")
            longest[0] = max(longest[0], time.monotonic() - begun)
            time.sleep(0.01)

    with connect() as connection:
        connection.execute("DROP TABLE IF EXISTS live_writes")
        connection.execute("CREATE TABLE live_writes (id bigint PRIMARY KEY)")
    threads = [threading.Thread(target=writer, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    print("writing", flush=True)
    sys.stdin.read()
    done.set()
    for thread in threads:
        thread.join()
    with connect() as connection:
        rows = {row for (row,) in connection.execute("SELECT id FROM live_writes")}
        connection.execute("DROP TABLE live_writes")
    lost = len(set(acknowledged) - rows)
    report = {
        "acknowledged": len(acknowledged),
        "lost": lost,
        "failures": failures,
        "longestSeconds": round(longest[0], 2),
    }
    print(json.dumps(report))


statement = sys.stdin.readline().strip() if sys.argv[1] == "query" else ""
query(statement) if statement else write()
