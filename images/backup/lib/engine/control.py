"""A pg_control file that names a cluster: pgBackRest's archive-get looks for one.

It finds the cluster's part of the archive by the system identifier and version in the data
directory's global/pg_control. Who reads an archive without having the cluster has none, so it is
made here, as PostgreSQL 17 lays it out, with what pgBackRest reads of it and nothing else.
"""

from __future__ import annotations

import struct
from pathlib import Path

# PostgreSQL 17: PG_CONTROL_VERSION, CATALOG_VERSION_NO, and where these lie in ControlFileData.
CONTROL_VERSION = 1700
CATALOG_VERSION = 202406281
_BLOCK_SIZES = 216
_CHECKSUM = 252
_CRC = 288
FILE_BYTES = 8192


def content(system_id: int, wal_segment_bytes: int = 16 << 20) -> bytes:
    """The file's 8 KiB for a cluster's system identifier."""
    data = bytearray(_CRC)
    struct.pack_into("<QII", data, 0, system_id, CONTROL_VERSION, CATALOG_VERSION)
    # Page, segment of a relation (in pages), WAL page, WAL segment.
    struct.pack_into("<IIII", data, _BLOCK_SIZES, 8192, 131072, 8192, wal_segment_bytes)
    struct.pack_into("<I", data, _CHECKSUM, 1)
    body = bytes(data) + struct.pack("<I", crc32c(bytes(data)))
    return body.ljust(FILE_BYTES, b"\0")


def write(folder: Path, system_id: int) -> Path:
    """Makes `folder` look like that cluster's data directory to archive-get; returns it."""
    target = folder / "global" / "pg_control"
    if not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        partial.write_bytes(content(system_id))
        partial.replace(target)
    return folder


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), which PostgreSQL puts at the end of pg_control."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF
