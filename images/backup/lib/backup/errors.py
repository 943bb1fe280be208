"""The faults this image reports in one line instead of a traceback."""

from __future__ import annotations

from typing import Literal, get_args

Cause = Literal[
    "unreachable",
    "credentials",
    "bucket",
    "full",
    "stanza",
    "damaged",
    "certificate",
    "clock",
    "other",
]
CAUSES: tuple[str, ...] = get_args(Cause)


class BackupError(Exception):
    """A run failed; the message says why and, where a person must act, what to type."""


class RepositoryFault(BackupError):
    """One repository cannot be used; the other may well.

    `cause`: unreachable (no connection, no answer, 5xx), credentials (keys refused), bucket (there
    is none of that name), full, stanza (missing, or another cluster's), damaged (content that is
    not what was stored, or does not open with our cipher pass), certificate (not from the
    authority we trust, or ended), clock (the difference to the server's is too large), other.
    """

    def __init__(self, repository: str, cause: Cause, message: str) -> None:
        super().__init__(f"repository {repository}: {message}")
        self.repository = repository
        self.cause = cause


def another_cluster(repository: str, detail: str = "") -> RepositoryFault:
    """The fault of a repository that is not the running cluster's, with the command that ends it.

    `detail`: how one knows.
    """
    return RepositoryFault(
        repository,
        "stanza",
        f"it holds backups of another cluster than the one that runs{detail and f' ({detail})'}. "
        "If the running one is meant to take its place, type: holdfast-backup --accept-new-cluster",
    )


class NotReady(BackupError):
    """The cluster cannot be backed up yet (no leader, no node answers): worth another try soon."""


class Busy(BackupError):
    """Another run holds the lock; two runs never overlap."""


class SettingsError(BackupError):
    """backup.json is not what it must be; the message names the key."""
