"""Which tables are meant: names as people write them, against those that a backup holds."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from backup.errors import BackupError

SHOWN = 40


@dataclass(frozen=True, order=True)
class Table:
    """A table by its schema and its name."""

    schema: str
    name: str

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


def resolve(wanted: Iterable[str], present: Iterable[Table]) -> list[Table]:
    """The tables meant by `shop_order` or `public.shop_order`, none twice, in the order given.

    Raises BackupError that names every one that cannot be found, and what there is.
    """
    there = sorted(present)
    found: list[Table] = []
    faults: list[str] = []
    for text in wanted:
        matching = [table for table in there if _means(text, table)]
        # Unqualified, as PostgreSQL's own search path would find it.
        chosen = [t for t in matching if t.schema == "public"] if len(matching) > 1 else matching
        if len(chosen) == 1:
            found += [] if chosen[0] in found else chosen
        elif matching:
            several = ", ".join(f"{t.schema}.{t.name}" for t in matching)
            faults.append(f"{text} is the name of several tables: {several}")
        else:
            faults.append(f"there is no table {text} in this backup{_nearest(text, there)}")
    if faults:
        raise BackupError("; ".join(faults) + f". This backup holds: {_listed(there)}")
    return found


def _means(text: str, table: Table) -> bool:
    return text in (table.name, f"{table.schema}.{table.name}")


def _nearest(text: str, there: list[Table]) -> str:
    close = difflib.get_close_matches(text, [str(table) for table in there], n=1)
    return f" (meant {close[0]}?)" if close else ""


def _listed(there: list[Table]) -> str:
    shown = ", ".join(str(table) for table in there[:SHOWN])
    more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
    return (shown + more) or "no table at all"


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it literally."""
    return '"' + identifier.replace('"', '""') + '"'


def qualified(table: Table) -> str:
    """`"schema"."name"`."""
    return f"{quoted(table.schema)}.{quoted(table.name)}"
