"""The table of contents of a dump in pg_dump's custom format, as `pg_restore --list` prints it."""

from __future__ import annotations

# Made after the rows. Foreign keys and triggers are left out, see side.py. All others of their kind
# are taken, for an index's line does not say whose it is: on an empty table they cost nothing.
AFTER_THE_ROWS = ("SEQUENCE SET", "CONSTRAINT", "INDEX ATTACH", "INDEX")


def after_the_rows(listing: str) -> str:
    """The lines of what belongs to tables once their rows are there, for `--use-list`."""
    lines = [line for line in listing.splitlines() if _kind(line) in AFTER_THE_ROWS]
    return "".join(f"{line}\n" for line in lines)


def _kind(line: str) -> str:
    """What an entry describes: `4012; 1259 16400 INDEX public shop_order_pkey shop`."""
    number, separator, rest = line.partition("; ")
    fields = rest.split(" ", 2)
    if not number.isdigit() or not separator or len(fields) < 3:
        return ""
    described = fields[2]
    return next((kind for kind in AFTER_THE_ROWS if described.startswith(f"{kind} ")), "")
