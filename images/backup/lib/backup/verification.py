"""`holdfast-backups --verify`: reads what was stored, in both repositories, and compares it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import CLOUD, LOCAL, open_engine
from objects import open_store

from . import damage, jobs, paths, retention, sums, uploads
from .errors import BackupError
from .settings import Settings

SCRATCH = ".check" + retention.PARTIAL
"""Ends as a run's leftovers do, so that the next dump removes what a killed check left."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not what was stored. `label` is empty for the archive's own files."""

    repository: str
    label: str
    file: str
    problem: str


@dataclass(frozen=True)
class Verified:
    """What was looked at, as `<repository>/<label>`, and what was found."""

    checked: list[str]
    found: list[Finding]


def verify(settings: Settings, repository: str = jobs.ALL, label: str = "") -> Verified:
    """Checks every backup, or the one of that label wherever it is; remembers what is damaged.

    Raises BackupError for a label that is nowhere, RepositoryFault when one cannot be read.
    """
    chosen = settings.repositories if repository == jobs.ALL else (repository,)
    checked: list[str] = []
    found: list[Finding] = []
    for name in chosen:
        listed, faults = _repository(settings, name, label)
        checked += [f"{name}/{one}" for one in listed]
        found += faults
        damage.remember(name, _damaged(settings, name, faults))
    if label and not checked:
        raise BackupError(f"there is no backup {label}: holdfast-backups lists them")
    return Verified(checked, found)


def _damaged(settings: Settings, repository: str, faults: list[Finding]) -> dict[str, str]:
    """The first thing wrong with each backup that is still there: a run may have replaced it."""
    if not faults:
        return {}
    kept = {item.label for item in open_engine(settings).base_backups(repository)}
    found: dict[str, str] = {}
    for fault in faults:
        if fault.label in kept or retention.LABEL.match(fault.label):
            found.setdefault(fault.label, f"{fault.file} {fault.problem}")
    return found


def _repository(
    settings: Settings, repository: str, label: str
) -> tuple[list[str], list[Finding]]:
    engine = open_engine(settings)
    bases = [] if retention.LABEL.match(label) else engine.base_backups(repository)
    labels = [item.label for item in bases if label in ("", item.label)]
    found: list[Finding] = []
    if labels:
        found = [
            Finding(
                repository,
                _label_in(f"{fault.file} {fault.problem}", labels),
                fault.file,
                fault.problem,
            )
            for fault in engine.verify(repository, label or None)
        ]
    for name, faults in _dumps(settings, repository, label).items():
        labels.append(name)
        found += [Finding(repository, name, fault.file, fault.problem) for fault in faults]
    return labels, found


def _dumps(settings: Settings, repository: str, label: str) -> dict[str, list[sums.Fault]]:
    if repository == LOCAL:
        names = [path.name for path in paths.DUMPS.iterdir()] if paths.DUMPS.is_dir() else []
        return {
            name: sums.check(paths.DUMPS / name, paths.DUMPS / name)
            for name in sorted(names)
            if retention.LABEL.match(name) and label in ("", name)
        }
    if repository != CLOUD:
        return {}
    store = open_store(settings)
    return {
        name: uploads.check(store, name, _scratch(name))
        for name in uploads.labels(store)
        if label in ("", name)
    }


def _scratch(label: str) -> Path:
    paths.DUMPS.mkdir(exist_ok=True)
    return paths.DUMPS / (label + SCRATCH)


def _label_in(text: str, labels: list[str]) -> str:
    """The backup that a fault is about: the longest label in it (20261123-021500F_…-…I)."""
    return max((label for label in labels if label in text), key=len, default="")
