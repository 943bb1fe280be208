"""The tables of what was promised, and of what there is to recover from."""

from __future__ import annotations

from collections.abc import Sequence

from . import words
from .html import Safe, tag
from .model import Overview
from .tables import mark, none, table
from .words import NOTHING

_KINDS = {
    "full": "full base backup",
    "diff": "differential",
    "incr": "incremental",
    "logical": "dump",
}


def backups(found: Overview) -> Safe:
    rows = [
        (
            f"{one.repository}, {_KINDS.get(one.kind, one.kind)}",
            mark(one.good, _backup_state(one.failures, one.damaged)),
            words.ago(one.last_at, found.looked_at),
            words.duration(one.duration_seconds),
            words.size(one.size_bytes),
            NOTHING if one.held is None else one.held,
        )
        for one in found.backups
    ]
    head = ("Newest", "State", "When", "Took", "Added", "Held")
    return table("Backups", head, rows, none(found, "No backup yet."))


def _backup_state(failures: int, damaged: int) -> str:
    said = [f"failed {failures} times since"] if failures else []
    said += [f"{damaged} damaged"] if damaged else []
    return ", ".join(said) or "succeeded"


def repositories(found: Overview) -> Safe:
    now = found.looked_at
    rows = [
        (
            one.name,
            mark(one.good, _repository_state(one.faults, one.holes, one.good)),
            words.clock(one.recoverable_from_at, now) if one.recoverable_from_at else NOTHING,
            words.clock(one.recoverable_to_at, now) if one.recoverable_to_at else NOTHING,
            words.duration(one.loss_seconds),
        )
        for one in found.repositories
    ]
    head = ("Repository", "State", "Recoverable from", "to", "A loss now costs")
    nothing = none(found, "Nothing is known of the repositories.")
    return table("Recoverable window", head, rows, nothing)


def _repository_state(faults: Sequence[str], holes: int, good: bool) -> str:
    said = [*faults, *([f"{holes} gaps in its WAL"] if holes else [])]
    return ", ".join(said) or ("takes WAL and backups" if good else "cannot be read")


def proofs(found: Overview) -> Safe:
    rows = [
        (
            f"{one.repository}, {one.kind}",
            mark(
                one.passed, {True: "passed", False: "failed", None: "not drilled yet"}[one.passed]
            ),
            words.ago(one.last_run_at, found.looked_at) if one.last_run_at else NOTHING,
            words.ago(one.proven_at, found.looked_at),
            words.duration(one.rto_seconds),
            words.duration(one.rpo_seconds),
        )
        for one in found.proofs
    ]
    head = ("Restore", "Last drill", "When", "Last proven", "RTO", "RPO")
    return table("Proven restores", head, rows, none(found, "No restore drill is known."))


def objectives(found: Overview) -> Safe:
    rows = [
        (
            [one.name, tag("small", one.how)],
            words.duration(one.target_seconds),
            words.duration(one.measured_seconds),
            mark(one.met, {True: "met", False: "missed", None: "not judged"}[one.met]),
        )
        for one in found.objectives
    ]
    head = ("Objective", "Promised", "Measured", "Verdict")
    return table("Objectives", head, rows, "Nothing was measured yet.")
