"""Which dumps and checksum folders have had their time. Pure: names in, names out."""

from __future__ import annotations

import re
from collections.abc import Iterable

LABEL = re.compile(r"^\d{8}T\d{6}Z$")
PARTIAL = ".partial"


def expired_dumps(names: Iterable[str], keep: int) -> list[str]:
    """The complete dumps beyond the newest `keep`, oldest first.

    Labels are UTC times and sort as they age. Names that are no label belong to somebody else.
    """
    if keep < 1:
        raise ValueError("keep must be at least 1: the newest dump is never removed")
    complete = sorted(name for name in names if LABEL.match(name))
    return complete[:-keep]


def abandoned(names: Iterable[str]) -> list[str]:
    """What runs that did not finish left behind. Ask only while holding the lock."""
    return sorted(name for name in names if name.endswith(PARTIAL))


def orphaned_sums(names: Iterable[str], labels: Iterable[str]) -> list[str]:
    """Checksum folders whose base backup pgBackRest has expired."""
    return sorted(set(names) - set(labels))
