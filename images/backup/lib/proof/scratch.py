"""A scratch PostgreSQL of one's own: from a restored folder, or empty. On a unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

from backup import paths
from backup.errors import BackupError
from backup.process import run

from . import leftovers, postgres_conf

PORT = 5432
LIBRARIES = Path("/usr/lib/postgresql/17/lib")
# The restored copy, the WAL that is replayed over it, and what pg_amcheck sorts on disk.
ROOM_FACTOR = 1.5
STEP_SECONDS = 0.1
STOP_SECONDS = 60.0
LOG_LINES = 4
# Lines of PostgreSQL's log that are true at every start of a copy and say nothing of a failure.
NOISE = ("starting up", "not yet accepting connections", "Consistent recovery state")


def room_for(database_bytes: int, folder: Path | None = None) -> None:
    """Refuses, with the figures, when the volume has no room for a scratch copy."""
    folder = paths.SCRATCH if folder is None else folder
    free = shutil.disk_usage(folder).free
    wanted = int(database_bytes * ROOM_FACTOR)
    if free < wanted:
        raise BackupError(
            f"the drill's volume has {free >> 20} MiB free; a database of "
            f"{database_bytes >> 20} MiB needs {wanted >> 20} MiB ({ROOM_FACTOR} times its size)"
        )


class Scratch:
    """One server. `start` and `stop` may be called again and again; `stop` never fails."""

    def __init__(self, name: str, user: str = "postgres") -> None:
        self.data = paths.SCRATCH / name
        self.user = user
        self.socket = paths.RUNTIME / "scratch"
        self._configuration = paths.SCRATCH / f"{name}.conf.d"
        self._log = paths.SCRATCH / f"{name}.log"
        self._log_from = 0
        self._server: subprocess.Popen[bytes] | None = None
        self._base: postgres_conf.Settings = {}

    def create(self) -> None:
        """An empty cluster, as the members' own (UTF8, C.UTF-8, checksums)."""
        run(
            [
                "initdb",
                f"--pgdata={self.data}",
                f"--username={self.user}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
                "--no-sync",
                "--auth=trust",
            ],
            quiet=True,
        )
        self.adopt()

    def adopt(self) -> str:
        """Takes over what is in the data folder; returns the restore_command found there.

        What the copy brought of settings is read once and then out of force: none may lead it to
        the cluster it comes from.
        """
        automatic = self.data / "postgresql.auto.conf"
        theirs = _text(self.data / "postgresql.conf") + _text(automatic)
        needs = postgres_conf.requirements(self.controldata())
        available = [path.stem for path in LIBRARIES.glob("*.so")]
        preload = postgres_conf.libraries(theirs, available)
        self._base = postgres_conf.settings(str(self.socket), needs, preload)
        self._configuration.mkdir(exist_ok=True)
        (self._configuration / "pg_hba.conf").write_text(postgres_conf.HBA)
        (self._configuration / "pg_ident.conf").write_text("")
        automatic.write_text("")
        (self.data / "standby.signal").unlink(missing_ok=True)
        return postgres_conf.last_value(theirs, "restore_command")

    def controldata(self) -> str:
        """What pg_controldata says of the data folder."""
        answer = subprocess.run(
            ["pg_controldata", str(self.data)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={**os.environ, "LC_ALL": "C"},
        )
        if answer.returncode != 0:
            raise BackupError(f"pg_controldata: {answer.stderr.strip()}")
        return answer.stdout

    def start(self, values: postgres_conf.Settings, timeout_seconds: float = 60.0) -> None:
        """Starts the server with these settings over the common ones, until it lets us in."""
        self.stop()
        self.socket.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._configuration / "postgresql.conf"
        file.write_text(postgres_conf.render({**self._base, **values}))
        self._log_from = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [
                    "postgres",
                    "-D",
                    str(self.data),
                    f"--config-file={file}",
                    f"--hba-file={self._configuration / 'pg_hba.conf'}",
                    f"--ident-file={self._configuration / 'pg_ident.conf'}",
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.wait_for("let us in", self._answers, timeout_seconds)

    def wait_for(self, what: str, there: Callable[[], bool], timeout_seconds: float) -> None:
        """Waits until `there()`; raises BackupError when the server ends or the time is up."""
        end = time.monotonic() + timeout_seconds
        while not self._is(there):
            if self._server is None or self._server.poll() is not None:
                raise BackupError(f"the scratch server ended before it {what}: {self.reason()}")
            if time.monotonic() > end:
                raise BackupError(
                    f"the scratch server has not {what} within {timeout_seconds:.0f} s: "
                    f"{self.reason()}"
                )
            time.sleep(STEP_SECONDS)

    def connect(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """An autocommit session as the superuser."""
        try:
            connection = psycopg2.connect(
                host=str(self.socket), port=PORT, dbname=database, user=self.user
            )
        except psycopg2.Error as error:
            raise BackupError(
                f"cannot connect to the copy's {database}: {error}".strip()
            ) from error
        connection.autocommit = True
        return connection

    def ask(self, text: str, database: str = "postgres") -> Any:
        """The first column of the first row, None without one, in a session of its own."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                row = cursor.fetchone() if cursor.description else None
        except psycopg2.Error as error:
            raise BackupError(f"the copy's {database}: {error}".strip()) from error
        finally:
            connection.close()
        return row[0] if row else None

    def client(self, program: str, *arguments: str) -> list[str]:
        """The command line of one of PostgreSQL's programs against this server."""
        return [
            program,
            f"--host={self.socket}",
            f"--port={PORT}",
            f"--username={self.user}",
            *arguments,
        ]

    def log(self) -> str:
        """What the server has written since its last start."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._log_from)
                return file.read().decode(errors="replace")
        except OSError:
            return ""

    def reason(self) -> str:
        """The last lines of the log that name an error; the last lines when none does."""
        lines = [
            line for line in self.log().splitlines() if not any(text in line for text in NOISE)
        ]
        errors = [line for line in lines if any(w in line for w in ("FATAL:", "PANIC:", "ERROR:"))]
        return " | ".join((errors or lines)[-LOG_LINES:]) or "it wrote no log"

    def stop(self) -> None:
        """Ends the server: in order, at once when that takes too long."""
        server, self._server = self._server, None
        if server is None or server.poll() is not None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server.send_signal(number)
            try:
                server.wait(STOP_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue

    def _is(self, there: Callable[[], bool]) -> bool:
        try:
            return there()
        except BackupError:
            # It may have ended while it was asked: that is the next thing looked at.
            return False

    def _answers(self) -> bool:
        self.connect().close()
        return True


def clean() -> None:
    """Ends what a drill that was killed left running, and empties the scratch folder."""
    paths.SCRATCH.mkdir(parents=True, exist_ok=True)
    leftovers.end(paths.SCRATCH)
    for path in paths.SCRATCH.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(paths.RUNTIME / "scratch", ignore_errors=True)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
