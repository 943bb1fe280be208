"""holdfast-validate: lets PgBouncer read a configuration, without a port and without PostgreSQL."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2

from pooler.bouncer import PROGRAM
from pooler.userlist import USERS, compose

SECONDS = 5.0
# What the follower writes; it is not there yet when the file is checked.
INCLUDE = "%include /run/pgbouncer/databases.ini"


def main() -> None:
    """Checks the file named, else stdin. Exit code 0 = valid, 1 = not."""
    text = Path(sys.argv[1]).read_text() if len(sys.argv) > 1 else sys.stdin.read()
    if INCLUDE not in text or "[pgbouncer]" not in text:
        raise SystemExit(f"holdfast-validate: a section [pgbouncer] and {INCLUDE} are both needed")
    with tempfile.TemporaryDirectory(prefix="validate-") as name:
        fault = check(text, Path(name))
    if fault:
        raise SystemExit(f"holdfast-validate: PgBouncer rejects the file:\n{fault}")


def check(text: str, folder: Path) -> str:
    """What PgBouncer says against the text, or "" when it starts with it.

    PgBouncer has no check mode, so it is started on a private socket; the last value given counts,
    so that the lines added here replace the file's own. Warnings count: an unknown setting is one.
    """
    users = folder / "userlist.txt"
    users.write_text(compose({user: "none" for user in USERS}))
    overrides = {
        "listen_addr": "", "unix_socket_dir": str(folder), "unix_socket_mode": "0700",
        "auth_file": str(users), "logfile": "", "pidfile": "", "listen_port": "6432",
    }
    databases = folder / "databases.ini"
    databases.write_text("[databases]\n* = host=127.0.0.1\n")
    text = text.replace(INCLUDE, f"%include {databases}")
    config = folder / "pgbouncer.ini"
    lines = "".join(f"{key} = {value}\n" for key, value in overrides.items())
    config.write_text(f"{text}\n[pgbouncer]\n{lines}")
    process = subprocess.Popen([PROGRAM, str(config)], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    answered = False
    deadline = time.monotonic() + SECONDS
    while not answered and process.poll() is None and time.monotonic() < deadline:
        answered = _answers(folder)
        time.sleep(0.02)
    process.kill()
    output = process.communicate()[0]
    faults = [line for line in output.splitlines() if " ERROR " in line or " FATAL " in line]
    if answered and not faults:
        return ""
    return "\n".join(faults) or output or f"it did not answer within {SECONDS:g} s"


def _answers(folder: Path) -> bool:
    """PgBouncer lets its own uid in as user pgbouncer through the socket, without a password."""
    try:
        connection = psycopg2.connect(host=str(folder), port=6432, user="pgbouncer",
                                      dbname="pgbouncer", connect_timeout=2)
    except psycopg2.Error:
        return False
    connection.close()
    return True
