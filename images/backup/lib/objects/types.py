"""What the rest of the code knows of a store of objects: five verbs.

folder.py is one on a file system, s3.py one in a bucket. Names are relative, with slashes:
`dumps/20261123T024500Z/shop.dump.enc`. What fails is a RepositoryFault that names the cause; what
does not exist is a Missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from backup.errors import BackupError


class Missing(BackupError):
    """There is no object of that name."""


@dataclass(frozen=True)
class Stored:
    """One object. `modified`: seconds since the epoch."""

    name: str
    bytes: int
    modified: float


class Store(Protocol):
    """A store of objects."""

    def put(self, name: str, source: BinaryIO) -> None:
        """Stores what `source` gives, to its end, under `name`: whole or not at all."""

    def get(self, name: str, target: Path) -> None:
        """Writes the object into the file `target`, which appears only when it is whole."""

    def read(self, name: str) -> bytes:
        """The object's content, for small ones."""

    def list(self, prefix: str) -> list[Stored]:
        """All objects whose name begins with `prefix`, by name."""

    def remove(self, name: str) -> None:
        """Removes the object; one that is not there is no fault."""
