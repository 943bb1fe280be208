"""SHA256SUMS and manifest.json beside a backup, and the check that finds what no longer matches.

SHA256SUMS has sha256sum's own format: `sha256sum --check` serves those who have no Holdfast.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUMS_FILE = "SHA256SUMS"
MANIFEST_FILE = "manifest.json"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Fault:
    """One file that is not what was backed up."""

    file: str
    problem: str


def digest(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """The regular files below `folder`, links not followed, in a stable order."""
    return sorted(
        Path(root, name)
        for root, _, names in os.walk(folder)
        for name in names
        if not Path(root, name).is_symlink()
    )


def write(folder: Path, base: Path, files: Iterable[Path], manifest: dict[str, Any]) -> int:
    """Writes manifest.json and SHA256SUMS into `folder`; returns the bytes the sums cover.

    Names in SHA256SUMS are relative to `base`; the manifest is summed too when it lies below it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    covered = list(files)
    total = sum(path.stat().st_size for path in covered)
    body = {**manifest, "files": len(covered), "bytes": total}
    manifest_path = folder / MANIFEST_FILE
    _write(manifest_path, json.dumps(body, indent=2) + "\n")
    if manifest_path.is_relative_to(base):
        covered.append(manifest_path)
    lines = [f"{digest(path)}  {path.relative_to(base).as_posix()}\n" for path in covered]
    _write(folder / SUMS_FILE, "".join(lines))
    return total


def check(folder: Path, base: Path) -> list[Fault]:
    """Compares every file SHA256SUMS in `folder` names, relative to `base`, with its sum."""
    try:
        lines = (folder / SUMS_FILE).read_text().splitlines()
    except OSError as error:
        return [Fault(SUMS_FILE, f"cannot be read: {error.strerror}")]
    if not lines:
        return [Fault(SUMS_FILE, "is empty")]
    return [fault for line in lines if (fault := _check_line(line, base)) is not None]


def _check_line(line: str, base: Path) -> Fault | None:
    expected, separator, name = line.partition("  ")
    if not separator or len(expected) != 64 or not name:
        return Fault(SUMS_FILE, f"has a line that is no checksum: {line[:80]!r}")
    path = base / name
    if not path.resolve().is_relative_to(base.resolve()):
        return Fault(name, "lies outside the repository")
    try:
        found = digest(path)
    except FileNotFoundError:
        return Fault(name, "is missing")
    except OSError as error:
        return Fault(name, f"cannot be read: {error.strerror}")
    return None if found == expected else Fault(name, f"sha256 is {found}, was {expected}")


def _write(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
