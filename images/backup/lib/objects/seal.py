"""Sealing what leaves for the cloud with `openssl enc`, so that nobody needs Holdfast to open it.

    openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -in shop.dump.enc -out shop.dump

The pass is the cloud repository's cipher pass. It reaches openssl in a private file on tmpfs.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backup import paths
from backup.errors import BackupError, RepositoryFault
from backup.private import replace

SUFFIX = ".enc"
CIPHER = ("-aes-256-cbc", "-pbkdf2", "-iter", "600000")
HOW_TO_OPEN = f"openssl enc -d {' '.join(CIPHER)} -in NAME{SUFFIX} -out NAME"
# What openssl still may need when its output was read to the end.
END_SECONDS = 30


class SealedFile(io.RawIOBase):
    """A file's sealed form, to be read once. `sha256` and `bytes` are of what was read."""

    def __init__(self, child: subprocess.Popen[bytes], name: str) -> None:
        super().__init__()
        self._child = child
        self._name = name
        self._sum = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert self._child.stdout is not None
        part = self._child.stdout.read(size)
        if not part and size != 0 and self._child.wait(END_SECONDS) != 0:
            raise BackupError(f"openssl could not seal {self._name}")
        self._sum.update(part)
        self.bytes += len(part)
        return part


@contextmanager
def sealed(source: Path) -> Iterator[SealedFile]:
    """Opens `source` for reading in its sealed form. Raises RepositoryFault without a pass."""
    command = ["openssl", "enc", "-e", "-salt", *CIPHER, *_pass(), "-in", str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        try:
            yield SealedFile(child, source.name)
        finally:
            child.kill()


def unseal(source: Path, target: Path, repository: str = "cloud") -> None:
    """Opens a sealed file; RepositoryFault `damaged` when our pass does not open it."""
    command = ["openssl", "enc", "-d", *CIPHER, *_pass(), "-in", str(source), "-out", str(target)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode != 0:
        target.unlink(missing_ok=True)
        reason = child.stderr.strip().splitlines()[-1:] or ["openssl said nothing"]
        message = f"{source.name} does not open with our cipher pass: {reason[0]}"
        raise RepositoryFault(repository, "damaged", message)


def _pass() -> tuple[str, str]:
    try:
        text = paths.CIPHER_PASS.read_text().strip()
    except OSError as error:
        message = f"cannot read {paths.CIPHER_PASS}: {error.strerror}"
        raise RepositoryFault("cloud", "credentials", message) from error
    replace(paths.CIPHER_PASS_FILE, text + "\n")
    return ("-pass", f"file:{paths.CIPHER_PASS_FILE}")
