"""Private files on tmpfs: put in place as a whole, readable by nobody else."""

from __future__ import annotations

import os
import threading
from pathlib import Path

_writing = threading.Lock()


def replace(path: Path, text: str) -> None:
    """Writes `path` (0600, its folder 0700) unless it holds `text` already."""
    with _writing:
        try:
            if path.read_text() == text:
                return
        except OSError:
            pass
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        partial.replace(path)
