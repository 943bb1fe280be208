"""Facts that the container was given: environment variables and files."""

import os
import sys
from pathlib import Path


def fact(name: str) -> str:
    """HOLDFAST_<name>. Ends the program with a clear message when it is missing."""
    value = os.environ.get(f"HOLDFAST_{name}", "")
    if not value:
        sys.exit(f"holdfast-autoscaler: the environment variable HOLDFAST_{name} is missing")
    return value


def text_of(file: Path) -> str:
    """A file's text. Ends the program with a clear message when it cannot be read."""
    try:
        return file.read_text().strip()
    except OSError as error:
        sys.exit(f"holdfast-autoscaler: cannot read {file}: {error.strerror}")
