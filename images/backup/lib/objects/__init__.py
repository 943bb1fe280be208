"""A place for objects by name: what a dump or a drill's record is put into beside the volume."""

from __future__ import annotations

from backup.errors import BackupError
from backup.settings import Settings

from .types import Store, Stored

__all__ = ["Store", "Stored", "open_store"]


def open_store(settings: Settings) -> Store:
    """The cloud repository's part of the bucket (`cloud.path`): `dumps/…`, `records/…`.

    Raises BackupError without a cloud, RepositoryFault when its secrets cannot be read. It opens
    no connection yet.
    """
    if settings.cloud is None:
        raise BackupError("there is no cloud repository: backup.cloud.provider is none")
    # Not at the top: what only lists a folder needs no boto3.
    from .s3 import open_bucket

    return open_bucket(settings.cloud)
