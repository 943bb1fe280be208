"""The data directory before and after a restore: moved aside, put back, measured."""

import os
import shutil
import subprocess
import time
from pathlib import Path

PARENT = Path("/var/lib/postgresql/17")
DATA = PARENT / "main"
# Where Patroni puts what a bootstrap that failed has left.
FAILED = PARENT / "main.failed"
ASIDE = "before-restore-"
SPOOL = Path("/var/spool/pgbackrest/archive")
# Beside the files, recovery needs room for WAL: as much as PostgreSQL keeps between checkpoints.
SLACK_BYTES = 1024**3


class NoRoom(Exception):
    """The volume cannot hold the old and the new data; the text has both sizes."""


def holds_database(folder: Path = DATA) -> bool:
    return (folder / "global/pg_control").exists()


def is_empty(folder: Path = DATA) -> bool:
    """Nothing is there that could be somebody's data."""
    try:
        return not any(name for name in os.listdir(folder) if name != "lost+found")
    except FileNotFoundError:
        return True


def size(folder: Path) -> int:
    """Bytes on the disk."""
    total = 0
    for root, _, files in os.walk(folder, onerror=lambda _: None):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512
            except OSError:
                continue
    return total


def kept(parent: Path = PARENT) -> list[Path]:
    """What earlier restores moved aside, oldest first."""
    try:
        return sorted(one for one in parent.iterdir() if one.name.startswith(ASIDE))
    except FileNotFoundError:
        return []


def free(parent: Path = PARENT) -> int:
    state = os.statvfs(parent)
    return state.f_bavail * state.f_frsize


def make_way(needed: int, discard: bool, parent: Path = PARENT, data: Path = DATA) -> str:
    """Frees the data directory for `needed` bytes. Returns the name of what is kept of the old data.

    Empty when there was none, or none that was to be kept. NoRoom when the volume cannot hold both
    and the old data may not be removed; then nothing was touched.
    """
    if not holds_database(data):
        remove(data)
        return ""
    older = kept(parent)
    room = free(parent) + sum(map(size, older))
    wanted = needed + min(needed, SLACK_BYTES)
    if room < wanted and not discard:
        raise NoRoom(
            f"the volume has {_mebibytes(room)} MiB left and the restored database needs"
            f" {_mebibytes(wanted)}: the old data ({_mebibytes(size(data))} MiB) cannot be kept"
            " beside it. Give the volume more room, or repeat with --discard: it is removed first"
        )
    for one in older:
        shutil.rmtree(one)
    if room < wanted:
        remove(data)
        return ""
    name = ASIDE + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    data.rename(parent / name)
    return name


def put_back(name: str, parent: Path = PARENT, data: Path = DATA) -> None:
    """The old data in its place again. What the restore has left there is removed."""
    old = parent / name
    if not name or not holds_database(old):
        return
    remove(data)
    old.rename(data)


def remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None


def forget(parent: Path = PARENT) -> list[str]:
    """Removes what was moved aside. The names."""
    found = kept(parent)
    for one in found:
        shutil.rmtree(one)
    return [one.name for one in found]


def forget_sent(spool: Path = SPOOL) -> None:
    """Removes pgBackRest's notes of what was archived: a timeline may be written a second time."""
    for cluster in spool.glob("*"):
        shutil.rmtree(cluster, ignore_errors=True)


def forget_fetched(spool: Path = SPOOL) -> None:
    """Removes the WAL that was fetched ahead of need and that nobody will ask for any more."""
    for fetched in spool.glob("*/in"):
        shutil.rmtree(fetched, ignore_errors=True)


def control(data: Path = DATA) -> dict | None:
    """System identifier, timeline and last checkpoint of what is there; None without a database."""
    if not holds_database(data):
        return None
    environment = {**os.environ, "LC_ALL": "C"}
    line = ["pg_controldata", str(data)]
    try:
        text = subprocess.run(
            line, capture_output=True, text=True, timeout=10, env=environment, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = dict(part.split(":", 1) for part in text.splitlines() if ":" in part)
    value = {name.strip(): word.strip() for name, word in found.items()}
    recovered = value.get("Minimum recovery ending location", "0/0")
    checkpoint = value.get("Latest checkpoint location", "0/0")
    return {
        "system": value.get("Database system identifier", ""),
        "timeline": int(value.get("Latest checkpoint's TimeLineID", "0")),
        # A replica has replayed beyond its last restart point.
        "lsn": checkpoint if recovered == "0/0" else recovered,
    }


def _mebibytes(count: int) -> int:
    return count // 1024**2
