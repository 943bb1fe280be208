"""The files by which a member's supervisor and `holdfast-restore` tell each other about a restore.

All on the data volume, so that a restart of the container in the middle goes on where it was. Each
is written whole or not at all.
"""

import json
import os
import time
from pathlib import Path

FOLDER = Path("/var/lib/postgresql/restore")
# What to do, for this member. Gone when it is done.
ORDER = "order.json"
# Where it is, for people and for the launcher; see `write_phase`.
STATE = "state.json"
# What was done of the order's work, for the next start of this container.
WORK = "work.json"
# The id of the order that may begin, and of the one that is called off.
GO = "go"
CANCEL = "cancel"
# Once, an empty database may be made although backups exist.
FRESH = "fresh"
# This member's data came from a backup while nobody led: it must not lead before it has streamed.
UNLED = "seeded-without-leader"
# The backup that this member was last made from, so that one that does not help is not tried again.
SEEDED = "seeded.json"


def now() -> str:
    """This moment, as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def read(name: str, folder: Path | None = None) -> dict:
    """A file's object; an empty one when there is none that can be read."""
    try:
        found = json.loads(((folder or FOLDER) / name).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(name: str, content: dict, folder: Path | None = None) -> None:
    """Puts an object in place, with fsync: a power loss leaves the old one or this one."""
    write_text(name, json.dumps(content), folder)


def write_text(name: str, text: str, folder: Path | None = None) -> None:
    """The same for any text."""
    where = folder or FOLDER
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = where / f"{name}.{os.getpid()}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(where / name)


def text(name: str, folder: Path | None = None) -> str:
    """A file's text, empty when there is none."""
    try:
        return ((folder or FOLDER) / name).read_text().strip()
    except OSError:
        return ""


def exists(name: str, folder: Path | None = None) -> bool:
    return ((folder or FOLDER) / name).exists()


def remove(*names: str, folder: Path | None = None) -> None:
    for name in names:
        ((folder or FOLDER) / name).unlink(missing_ok=True)


def write_phase(phase: str, detail: str = "", order_id: str | None = None, **more: object) -> None:
    """Says where this member is. `since` stays while the phase does."""
    before = read(STATE)
    same = before.get("phase") == phase and before.get("id") == order_id
    since = before.get("since") if same else now()
    kept = {"label": before.get("label")} if before.get("id") == order_id else {}
    write(STATE, {**kept, "id": order_id, "phase": phase, "detail": detail, "since": since, **more})
