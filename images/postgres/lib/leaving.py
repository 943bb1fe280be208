"""A member that leaves the cluster for good, and the volume that it leaves behind.

A scale-in marks the volume and tells the container: the member is tagged, so that it is neither
promoted nor waited for by commits, until the container is removed. Two files tell who is who:

- the mark, on the volume: this data is of a member that leaves, or has left;
- the token, in the container's own layer: it was this container that was told so. It outlives
  restarts and goes with the container.

So a container that finds a mark and not its token is a new one on what an earlier member left. It
starts empty: nothing of that data is used again (see empty_volume.py).
"""

import json
import os
import secrets
import shutil
import time
from pathlib import Path

VOLUME = Path("/var/lib/postgresql")
# The launcher writes it too, on volumes whose member could not be told (commands/scaleIn/).
MARK = "left.json"
TOKEN = Path("/var/lib/holdfast/leaving")


def leave(member: str, volume: Path = VOLUME, token: Path = TOKEN) -> None:
    """This container is told that its member leaves; once more is as well."""
    if is_leaving(volume, token):
        return
    word = secrets.token_hex(16)
    # The token first: with the mark alone, a restart now would take this container for a new one.
    _write(token, word)
    _write(volume / MARK, json.dumps({"member": member, "at": _now(), "token": word}))


def stay(volume: Path = VOLUME, token: Path = TOKEN) -> None:
    """The member stays after all, or its data is another one by now."""
    (volume / MARK).unlink(missing_ok=True)
    token.unlink(missing_ok=True)


def is_leaving(volume: Path = VOLUME, token: Path = TOKEN) -> bool:
    """This container was told so."""
    word = _text(token)
    return word != "" and mark(volume).get("token") == word


def has_left(volume: Path = VOLUME, token: Path = TOKEN) -> bool:
    """The data on the volume is of an earlier member, which left."""
    return (volume / MARK).exists() and not is_leaving(volume, token)


def mark(volume: Path = VOLUME) -> dict:
    """What the mark says; an empty object without one that can be read."""
    try:
        found = json.loads(_text(volume / MARK))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def contents(volume: Path = VOLUME) -> list[Path]:
    """What is on the volume beside the mark and what a filesystem makes itself."""
    return sorted(one for one in volume.iterdir() if one.name not in (MARK, "lost+found"))


def wipe(volume: Path = VOLUME) -> None:
    """Removes everything; the mark last, so that a wipe which was interrupted goes on."""
    for entry in contents(volume):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (volume / MARK).unlink()


def _write(path: Path, text: str) -> None:
    """Whole or not at all, over a power loss too."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
