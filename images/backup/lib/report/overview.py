"""The state of each repository in a few facts: for `holdfast-backups`, and `./holdfast status`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from . import archive, records
from .archive import Interval
from .inventory import OTHER, Inventory

KINDS = ("full", "diff", "incr", "logical")


@dataclass(frozen=True)
class Overview:
    """One repository. Times are seconds since the epoch, None where nobody knows."""

    repository: str
    answered: float | None
    """When it last told what it holds."""
    faults: dict[str, str] = field(default_factory=dict)
    """By cause; empty when it does its work."""
    windows: tuple[Interval, ...] = ()
    recoverable_to: float | None = None
    open_holes: int = 0
    proofs: dict[str, records.Summary] = field(default_factory=dict)


def overview(
    inventory: Inventory, report: archive.Report, proofs: Iterable[records.Proof], now: float
) -> Overview:
    """Puts together what the repository, the shipping thread and the drills said."""
    drills = list(proofs)
    known = report.repositories.get(inventory.repository, archive.Archive())
    return Overview(
        repository=inventory.repository,
        answered=inventory.answered,
        faults=faults(inventory, report, now),
        windows=tuple(archive.windows(known, inventory.base_backups)),
        recoverable_to=known.recoverable_to,
        open_holes=len(archive.open_holes(known.holes, inventory.base_backups)),
        proofs={
            kind: records.summary(drills, inventory.repository, kind)
            for kind in (records.PHYSICAL, records.LOGICAL)
        },
    )


def faults(inventory: Inventory, report: archive.Report, now: float) -> dict[str, str]:
    """Errors by cause. The shipping thread's word first: it looks every few seconds."""
    name = inventory.repository
    known = report.repositories.get(name)
    if known is not None and report.fresh(now) and (known.cause or not known.up):
        return {known.cause or OTHER: _words(name, known.error)}
    if inventory.trouble is not None:
        return {inventory.trouble.cause: _words(name, inventory.trouble.error)}
    return {}


def _words(repository: str, error: str) -> str:
    """Whoever shows it says whose fault it is."""
    return error.removeprefix(f"repository {repository}: ")


def counts(inventory: Inventory) -> dict[str, int]:
    """Backups by kind; 0 where there is none of a kind."""
    found = dict.fromkeys(KINDS, 0)
    for backup in inventory.base_backups:
        found[backup.kind] = found.get(backup.kind, 0) + 1
    return {**found, "logical": len(inventory.dumps)}


def damaged(inventory: Inventory, condemned: Collection[tuple[str, str]]) -> dict[str, int]:
    """Backups that do not restore, by kind. `condemned`: (repository, label) found damaged."""
    found = dict.fromkeys(counts(inventory), 0)
    for backup in inventory.base_backups:
        found[backup.kind] += backup.damaged or (inventory.repository, backup.label) in condemned
    for dump in inventory.dumps:
        found["logical"] += dump.damaged or (inventory.repository, dump.label) in condemned
    return found
