"""The archive's files in a repository on a local file system, read without a process.

It is asked every second, and WAL of two weeks is tens of thousands of files: a folder whose
modification time has not changed is not read again.
"""

from __future__ import annotations

import operator
import os
import re
import time
from pathlib import Path

from engine.types import Archived

# pgBackRest appends the SHA-1 of the content to segments, then the compression's suffix.
_STORED = re.compile(
    r"([0-9A-F]{24}(?:\.partial)?)-[0-9a-f]{40}(?:\.(?:gz|bz2|lz4|zst))?"
    r"|([0-9A-F]{24}\.[0-9A-F]{8}\.backup|[0-9A-F]{8}\.history)"
)
# A file made in the same tick of the file system's clock would leave the folder's time as it was.
_SETTLED_SECONDS = 2.0


class Folder:
    """`archive/<stanza>` of one repository. Not for several threads at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, tuple[int, list[Archived]]] = {}
        self._parts: list[list[Archived]] = []
        self._files: list[Archived] = []

    def files(self) -> list[Archived]:
        """Every file of the archive, by archive id and name. Empty before the stanza exists.

        The same list again while nothing changed. Raises OSError when a folder that exists cannot
        be read.
        """
        parts: list[list[Archived]] = []
        seen: dict[str, tuple[int, list[Archived]]] = {}
        for archive in _folders(self._root):
            for path in [archive.path, *(entry.path for entry in _folders(archive.path))]:
                changed = _changed(path)
                if changed is None:
                    continue
                known = self._read.get(path)
                if known is None or known[0] != changed:
                    known = (changed, _files(path, archive.name))
                if time.time() - changed / 1e9 > _SETTLED_SECONDS:
                    seen[path] = known
                parts.append(known[1])
        self._read = seen
        same = len(parts) == len(self._parts) and all(map(operator.is_, parts, self._parts))
        if not same:
            found = [file for part in parts for file in part]
            self._files = sorted(found, key=lambda file: (file.archive, file.name))
            self._parts = parts
        return self._files


def stored_name(name: str) -> str | None:
    """The WAL file's own name of a file in the repository; None for temporary and other files."""
    match = _STORED.fullmatch(name)
    return match[1] or match[2] if match else None


def _folders(path: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _changed(path: str) -> int | None:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return None


def _files(path: str, archive: str) -> list[Archived]:
    found: list[Archived] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                name = stored_name(entry.name)
                if name is None:
                    continue
                try:
                    state = entry.stat()
                except FileNotFoundError:
                    # Expired between the listing and the look.
                    continue
                found.append(Archived(archive, name, state.st_size, state.st_mtime))
    except FileNotFoundError:
        return []
    return found
