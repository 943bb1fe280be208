"""The restore drills' records: what was proven, when, and how long it took."""

from __future__ import annotations

import calendar
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.types import BaseBackup

PHYSICAL = "physical"
LOGICAL = "logical"


@dataclass(frozen=True)
class Proof:
    """One drill. Times are seconds since the epoch."""

    repository: str
    kind: str
    """`physical` or `logical`."""
    label: str
    """The backup that was restored."""
    finished: float
    passed: bool
    error: str = ""
    rto: float | None = None
    rpo: float | None = None


def read(folder: Path) -> list[Proof]:
    """Every record in the folder, oldest first; what is no record is passed over."""
    try:
        names = sorted(folder.glob("*.json"))
    except OSError:
        return []
    found = [proof for path in names if (proof := _read(path)) is not None]
    return sorted(found, key=lambda proof: proof.finished)


def _read(path: Path) -> Proof | None:
    try:
        return parse(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def parse(body: dict[str, Any]) -> Proof:
    """A record's content. Raises ValueError, KeyError or TypeError when it is none."""
    return Proof(
        repository=str(body["repository"]),
        kind=str(body["kind"]),
        label=str(body.get("label") or ""),
        finished=seconds(body["finishedAt"]),
        passed=body["passed"] is True,
        error=str(body.get("error") or ""),
        rto=_number(body.get("rtoSeconds")),
        rpo=_number(body.get("rpoSeconds")),
    )


def seconds(iso: str) -> float:
    """Seconds since the epoch of an ISO time in UTC, with or without a fraction."""
    whole, _, fraction = iso.removesuffix("Z").removesuffix("+00:00").partition(".")
    moment = float(calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")))
    return moment + float(f"0.{fraction}") if fraction else moment


def label_seconds(label: str) -> float:
    """The instant that a dump's label names: `20261124T024500Z`."""
    return float(calendar.timegm(time.strptime(label, "%Y%m%dT%H%M%SZ")))


def proven_at(proofs: Iterable[Proof], base_backups: Iterable[BaseBackup]) -> dict[
    tuple[str, str], float
]:
    """When each backup, by (repository, label), was last restored and found right.

    To restore an incremental backup is to restore all it builds on: the proof holds for each.
    """
    prior = {(item.repository, item.label): item.prior for item in base_backups}
    found: dict[tuple[str, str], float] = {}
    for proof in proofs:
        label: str | None = proof.label if proof.passed else None
        while label:
            key = (proof.repository, label)
            found[key] = max(found.get(key, 0.0), proof.finished)
            label = prior.get(key)
    return found


@dataclass(frozen=True)
class Summary:
    """What the drills of one repository and kind say together."""

    proven: float | None = None
    last_run: float | None = None
    last_passed: bool | None = None
    last_error: str = ""
    rto: float | None = None
    """Of the newest drill that passed."""
    rpo: float | None = None


def summary(proofs: Iterable[Proof], repository: str, kind: str) -> Summary:
    """Sums up; empty when there was no drill."""
    own = sorted(
        (proof for proof in proofs if (proof.repository, proof.kind) == (repository, kind)),
        key=lambda proof: proof.finished,
    )
    if not own:
        return Summary()
    last = own[-1]
    best = next((proof for proof in reversed(own) if proof.passed), None)
    return Summary(
        proven=best.finished if best else None,
        last_run=last.finished,
        last_passed=last.passed,
        last_error=last.error,
        rto=best.rto if best else None,
        rpo=best.rpo if best else None,
    )


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def condemned(owed: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Backups, by (repository, label), in which a drill found what was stored to be wrong.

    `owed`: the content of backup-owed.json, by `repository` or `repository/logical`. A drill that
    failed for want of a network or a server asks for nothing there.
    """
    return {
        (name.partition("/")[0], str(entry["label"]))
        for name, entry in owed.items()
        if isinstance(entry, dict) and entry.get("label")
    }
