"""Backups as the report's tests need them."""

from image_paths import use

use("backup")
from engine.types import BaseBackup  # noqa: E402


def taken(
    stop: float,
    wal_stop: str = "0" * 24,
    archive_id: str = "17-1",
    label: str = "",
    prior: str | None = None,
    repository: str = "local",
    kind: str = "full",
    damaged: bool = False,
) -> BaseBackup:
    """A base backup of five seconds that ended at `stop`."""
    return BaseBackup(
        repository=repository,
        label=label or f"L{stop:.0f}",
        kind=kind,
        start=stop - 5,
        stop=stop,
        bytes=1,
        database_bytes=2,
        damaged=damaged,
        lsn_start="0/1",
        lsn_stop="0/2",
        wal_start=wal_stop,
        wal_stop=wal_stop,
        archive=archive_id,
        version="2.55.1",
        postgres="17",
        prior=prior,
    )
