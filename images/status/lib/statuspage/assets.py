"""The style, the script and the icons: read once, addressed by their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    name: str
    kind: str
    body: bytes

    @property
    def address(self) -> str:
        """Another content is another address, so browsers may keep each for good."""
        return f"/assets/{hashlib.sha256(self.body).hexdigest()[:12]}/{self.name}"


def load(folder: Path = FOLDER) -> dict[str, Asset]:
    """By file name."""
    return {
        path.name: Asset(path.name, f"{_TYPES[path.suffix]}; charset=utf-8", path.read_bytes())
        for path in sorted(folder.iterdir())
        if path.suffix in _TYPES
    }
