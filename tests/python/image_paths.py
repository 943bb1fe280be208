"""Puts an image's library on the path, so that its pure parts are tested without Docker."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def use(image: str) -> Path:
    """The library folder of images/<image>, now importable."""
    folder = ROOT / "images" / image / "lib"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return folder
