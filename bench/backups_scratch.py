"""Runs in a stack's container restore-drill, for bench/backups: restores into the scratch space.

usage: physical REPOSITORY ROWS | logical DUMP ROWS. Prints one JSON object: `seconds` from nothing
to the first write, `bytes` of what was restored, for physical `copySeconds`, of a plain copy of the
very same data directory, in the same container, on the same volume. What it makes is gone when it
ends, and after a SIGTERM as well.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/usr/local/lib/holdfast")

from backup import paths  # noqa: E402
from backup.settings import load  # noqa: E402
from engine.types import Target  # noqa: E402
from proof import restored  # noqa: E402
from proof.logical import LOADING  # noqa: E402
from proof.scratch import Scratch  # noqa: E402
from proof.workspace import workspace  # noqa: E402

# A drill may be under way.
WAIT_SECONDS = 900.0
DATABASE = "bench"


def say(*words: object) -> None:
    """To the log of whoever started this."""
    print(*words, file=sys.stderr, flush=True)


def first_write(server: Scratch, rows: int) -> float:
    """When the first write was done. Raises SystemExit when not all is there."""
    server.ask("CREATE TABLE first_write (at int)", DATABASE)
    done = time.monotonic()
    found = server.ask("SELECT count(*) FROM pgbench_accounts", DATABASE)
    if found != rows:
        sys.exit(f"restored {found} rows of {rows}")
    return done


def size(folder: Path) -> int:
    """Bytes of its files."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def physical(repository: str, rows: int) -> dict[str, float]:
    """A base backup with its WAL; then the plain copy."""
    begin = time.monotonic()
    with restored.restored(load(paths.SETTINGS), repository, Target("latest"), say) as server:
        seconds = first_write(server, rows) - begin
    copy = server.data.with_name("copy")
    os.sync()
    begin = time.monotonic()
    subprocess.run(["cp", "--archive", str(server.data), str(copy)], check=True)
    subprocess.run(["sync", "--file-system", str(copy)], check=True)
    copied = time.monotonic() - begin
    found = {"seconds": seconds, "bytes": size(copy), "copySeconds": copied}
    shutil.rmtree(copy)
    return found


def logical(dump: Path, rows: int) -> dict[str, float]:
    """pg_dump's file, into an empty cluster, with two jobs as the drills do."""
    begin = time.monotonic()
    with restored.empty(say) as server:
        server.start(LOADING)
        server.ask(f"CREATE DATABASE {DATABASE}")
        options = ["--jobs=2", "--no-owner", "--exit-on-error", f"--dbname={DATABASE}", str(dump)]
        subprocess.run(server.client("pg_restore", *options), check=True)
        seconds = first_write(server, rows) - begin
        return {"seconds": seconds, "bytes": size(server.data)}


def main(kind: str, what: str, rows: int) -> None:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with workspace("bench", WAIT_SECONDS):
        found = physical(what, rows) if kind == "physical" else logical(Path(what), rows)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
