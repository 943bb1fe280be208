"""The faults this image reports in one line instead of a traceback."""

from __future__ import annotations


class BackupError(Exception):
    """A run failed; the message says why and, where a person must act, what to type."""


class NotReady(BackupError):
    """The cluster cannot be backed up yet (no leader, no node answers): worth another try soon."""


class Busy(BackupError):
    """Another run holds the lock; two runs never overlap."""


class SettingsError(BackupError):
    """backup.json is not what it must be; the message names the key."""
