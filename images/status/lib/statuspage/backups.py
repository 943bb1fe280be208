"""Backups, repositories and proofs, from what the backup container exports. Pure."""

from __future__ import annotations

from .database import Answers
from .model import Backup, Proof, Repository
from .samples import Sample, by_label, pick, value_of

KINDS = ("full", "diff", "incr", "logical")
_RESTORES = ("physical", "logical")
# The local one first: it is what a restore takes when it can.
_ORDER = ("local", "cloud")


def names(found: list[Sample]) -> list[str]:
    """The repositories, however little is known of them."""
    known = {one.labels["repository"] for one in found if "repository" in one.labels}
    return sorted(known, key=lambda name: (name not in _ORDER, name != "local", name))


def backups(answers: Answers) -> tuple[Backup, ...]:
    """The newest of each kind in each repository; kinds that never ran are left out."""
    found = answers.get("backup", [])

    def one(repository: str, kind: str) -> Backup:
        def value(word: str) -> float | None:
            return value_of(found, f"holdfast_backup_{word}", repository=repository, kind=kind)

        held = value("count")
        return Backup(
            repository,
            kind,
            value("last_success_timestamp_seconds"),
            value("last_duration_seconds"),
            value("last_size_bytes"),
            None if held is None else int(held),
            int(value("failures") or 0),
            int(value("damaged") or 0),
        )

    all_kinds = (one(repository, kind) for repository in names(found) for kind in KINDS)
    return tuple(each for each in all_kinds if each.last_at or each.failures or each.held)


def repositories(answers: Answers, now: float) -> tuple[Repository, ...]:
    found = answers.get("backup", [])

    def one(name: str) -> Repository:
        faults = by_label(pick(found, "holdfast_repository_fault", repository=name), "cause")
        causes = tuple(sorted(cause for cause, value in faults.items() if value == 1))
        to = value_of(
            found, "holdfast_archive_recoverable_to_timestamp_seconds", repository=name
        )
        holes = int(value_of(found, "holdfast_archive_holes", repository=name) or 0)
        up = value_of(found, "holdfast_repository_up", repository=name)
        return Repository(
            name,
            up == 1 and not causes and holes == 0,
            causes,
            value_of(found, "holdfast_backup_recoverable_from_timestamp_seconds", repository=name),
            to,
            None if to is None else max(0.0, now - to),
            holes,
        )

    return tuple(one(name) for name in names(found))


def proofs(answers: Answers) -> tuple[Proof, ...]:
    """One for each repository and kind of restore, those that were never drilled too."""
    found = answers.get("backup", [])

    def one(repository: str, kind: str) -> Proof:
        def value(word: str) -> float | None:
            return value_of(found, f"holdfast_restore_{word}", repository=repository, kind=kind)

        passed = value("last_result")
        return Proof(
            repository,
            kind,
            value("proven_timestamp_seconds") or None,
            value("last_run_timestamp_seconds") or None,
            None if passed is None else passed == 1,
            value("rto_seconds"),
            value("rpo_seconds"),
        )

    return tuple(one(repository, kind) for repository in names(found) for kind in _RESTORES)


def cloud(answers: Answers) -> bool | None:
    """Whether there is a repository outside this machine."""
    value = value_of(answers.get("backup", []), "holdfast_cloud_configured")
    return None if value is None else value == 1
