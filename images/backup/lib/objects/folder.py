"""Objects as files below a folder."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backup.errors import BackupError, Cause, RepositoryFault

from .types import Missing, Stored

_PARTIAL = ".partial"


class Folder:
    """The Store on a file system. `repository` is named in faults."""

    def __init__(self, root: Path, repository: str = "local") -> None:
        self._root = root
        self._repository = repository

    def put(self, name: str, source: BinaryIO) -> None:
        with self._faults(name):
            target = self._path(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(target.name + _PARTIAL)
            try:
                with partial.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)

    def get(self, name: str, target: Path) -> None:
        with self._faults(name):
            partial = target.with_name(target.name + _PARTIAL)
            try:
                shutil.copyfile(self._path(name), partial)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        with self._faults(name):
            return self._path(name).read_bytes()

    def list(self, prefix: str) -> list[Stored]:
        with self._faults(prefix):
            files = (Path(root, file) for root, _, names in os.walk(self._root) for file in names)
            found = [(path.relative_to(self._root).as_posix(), path.stat()) for path in files]
        return sorted(
            (
                Stored(name, state.st_size, state.st_mtime)
                for name, state in found
                if name.startswith(prefix) and not name.endswith(_PARTIAL)
            ),
            key=lambda item: item.name,
        )

    def remove(self, name: str) -> None:
        with self._faults(name):
            path = self._path(name)
            path.unlink(missing_ok=True)
            # Objects have no folders: an empty one would be seen by those who look at the files.
            for folder in path.parents:
                if folder == self._root or not folder.is_dir() or any(folder.iterdir()):
                    break
                folder.rmdir()

    def _path(self, name: str) -> Path:
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise BackupError(f"{name} lies outside the store")
        return path

    @contextmanager
    def _faults(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise Missing(f"there is no {name} in {self._root}") from error
        except OSError as error:
            cause: Cause = "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "other"
            message = f"{name}: {error.strerror}"
            raise RepositoryFault(self._repository, cause, message) from error
