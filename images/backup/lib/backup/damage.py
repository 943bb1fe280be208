"""Backups that were found damaged: remembered until a new one has taken their place."""

from __future__ import annotations

import time
from collections.abc import Iterable

from . import paths, retention, state


def remember(repository: str, found: dict[str, str]) -> None:
    """Notes backups found damaged, label to problem: the schedule replaces those that are new."""
    with state.changing(paths.STATE) as known:
        entry = known.of(repository)
        for label in found.keys() - entry.damaged.keys():
            if retention.LABEL.match(label):
                entry.damaged_dump_since = time.time()
            else:
                entry.damaged_since = time.time()
        entry.damaged |= found


def dumps(repository: str) -> list[str]:
    """Dumps of a repository that were found damaged."""
    found = state.load(paths.STATE).of(repository).damaged
    return [label for label in found if retention.LABEL.match(label)]


def forget(repository: str, labels: Iterable[str]) -> None:
    """These were replaced, removed, or read well after all."""
    with state.changing(paths.STATE) as known:
        for label in labels:
            known.of(repository).damaged.pop(label, None)
