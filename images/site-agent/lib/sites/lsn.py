"""Positions in the WAL: numbers and PostgreSQL's text. Pure."""

import re

PATTERN = re.compile(r"^([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})$")


def number(text: str) -> int:
    """`0/3000148` as a number. ValueError for what is none."""
    found = PATTERN.match(text)
    if not found:
        raise ValueError(f"{text!r} is no position in the WAL, such as 0/3000148")
    return (int(found[1], 16) << 32) + int(found[2], 16)


def text(value: int) -> str:
    """A number as `0/3000148`."""
    return f"{value >> 32:X}/{value & 0xFFFFFFFF:X}"
