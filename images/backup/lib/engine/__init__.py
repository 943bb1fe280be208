"""The backup engine behind an interface (types.py); which one it is, nothing else here knows."""

from __future__ import annotations

from backup.settings import Settings

from .types import CLOUD, LOCAL, Archived, BackupKind, BaseBackup, Catalog, Engine, Fault, Target

__all__ = [
    "CLOUD",
    "LOCAL",
    "Archived",
    "BackupKind",
    "BaseBackup",
    "Catalog",
    "Engine",
    "Fault",
    "Target",
    "open_engine",
]


def open_engine(settings: Settings) -> Engine:
    """The engine for these settings. It opens no connection, and may be used by several threads."""
    from .pgbackrest import PgBackRest

    return PgBackRest(settings)
