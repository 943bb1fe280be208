"""Whether bytes are the whole of a certain WAL segment. Pure.

A member's pg_wal holds segments of other places under a name: PostgreSQL renames old files to
names that it will need, and writes them anew from their beginning. So every page has to say where
it belongs; after the last one (a switch to the next segment) there are zeros.
"""

from __future__ import annotations

import struct

from . import names

PAGE_BYTES = 8192
_ZERO_PAGE = bytes(PAGE_BYTES)
# XLogLongPageHeaderData: magic, info, timeline, page address, remaining length, padding, system
# identifier, segment size, block size.
_LONG = struct.Struct("<HHIQIxxxxQII")
_SHORT = struct.Struct("<HHIQ")
_FIRST_PAGE_HAS_LONG_HEADER = 0x0002


def fault(name: str, content: bytes, system_id: int) -> str:
    """Why `content` is not this segment of this cluster; empty when it is."""
    place = names.segment(name)
    if place is None:
        return "not the name of a segment"
    if len(content) != names.SEGMENT_BYTES:
        return f"{len(content)} bytes instead of {names.SEGMENT_BYTES}"
    magic, info, timeline, address, _, system, size, block = _LONG.unpack_from(content)
    start = names.start_of(place.number)
    if not info & _FIRST_PAGE_HAS_LONG_HEADER or size != names.SEGMENT_BYTES or block != PAGE_BYTES:
        return "no segment's first page"
    problem = ""
    if system != system_id:
        problem = f"of another cluster ({system})"
    elif address != start:
        problem = f"it begins at {names.format_lsn(address)}, not at {names.format_lsn(start)}"
    # A timeline's first segment begins with pages of the one before.
    elif not 0 < timeline <= place.timeline:
        problem = f"of timeline {timeline}"
    return problem or _pages_fault(content, magic, start, place.timeline)


def _pages_fault(content: bytes, magic: int, start: int, timeline: int) -> str:
    over = False
    for offset in range(PAGE_BYTES, len(content), PAGE_BYTES):
        if content[offset : offset + PAGE_BYTES] == _ZERO_PAGE:
            over = True
            continue
        found = _SHORT.unpack_from(content, offset)
        if over or found[0] != magic or found[2] > timeline or found[3] != start + offset:
            return f"the page at {names.format_lsn(start + offset)} is not written"
    return ""
