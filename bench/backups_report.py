"""The figures of bench/backups: summary, limits, table, file."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

Measured = dict[str, Any]
"""`round`, `what`, `seconds`, `bytes` (None: has none), `load` of the machine."""
# Goals: a restore costs no more than 1.5 plain copies; objectives.recoveryTime and recoveryPoint.
LIMITS = {"copies": 1.5, "firstWriteSeconds": 60.0, "recoveryPointSeconds": 60.0}


def values(taken: list[Measured], what: str, key: str = "seconds") -> list[float]:
    """What was measured under this name."""
    return [one[key] for one in taken if one["what"] == what and one[key] is not None]


def summary(taken: list[Measured]) -> list[dict[str, Any]]:
    """One row for each thing measured: n, median, min, max, bytes."""
    rows = []
    for what in dict.fromkeys(one["what"] for one in taken):
        seconds, sizes = values(taken, what), values(taken, what, "bytes")
        rows.append(
            {
                "what": what,
                "n": len(seconds),
                "median": statistics.median(seconds),
                "min": min(seconds),
                "max": max(seconds),
                "bytes": statistics.median(sizes) if sizes else None,
            }
        )
    return rows


def verdicts(taken: list[Measured]) -> list[dict[str, Any]]:
    """The figures that have a limit. `value` None: it was not measured, so it is not kept."""
    copies = values(taken, "plain copy of that directory")
    found: list[tuple[str, float | None, float]] = []
    for repository in ("local", "cloud"):
        restores = values(taken, f"restore to first write, {repository}")
        measured = copies and restores
        ratio = statistics.median(restores) / statistics.median(copies) if measured else None
        found.append((f"restore from {repository}, in plain copies", ratio, LIMITS["copies"]))
    for name, what, limit in (
        ("recovery point from the cloud, s", "recovery point, cloud", "recoveryPointSeconds"),
        ("whole cluster to first write, s", "whole cluster to first write", "firstWriteSeconds"),
    ):
        found.append((name, max(values(taken, what), default=None), LIMITS[limit]))
    return [
        {"what": what, "value": value, "limit": limit, "kept": value is not None and value <= limit}
        for what, value, limit in found
    ]


def report(taken: list[Measured], about: dict[str, Any], output: Path) -> bool:
    """Prints the table, writes the file; whether every limit that was measured was kept."""
    rows, judged = summary(taken), verdicts(taken)
    print(f"\n{'':34} {'n':>4} {'median s':>9} {'min-max s':>17} {'MiB':>9}")
    for row in rows:
        spread = f"{row['min']:.2f}-{row['max']:.2f}"
        size = "" if row["bytes"] is None else f"{row['bytes'] / 2**20:.1f}"
        print(f"{row['what']:34} {row['n']:4} {row['median']:9.2f} {spread:>17} {size:>9}")
    for one in judged:
        if one["value"] is None:
            print(f"{one['what']}: not measured")
            continue
        word = "kept" if one["kept"] else "MISSED"
        print(f"{one['what']}: {one['value']:.2f}, limit {one['limit']:.1f}: {word}")
    output.parent.mkdir(parents=True, exist_ok=True)
    body = {**about, "summary": rows, "limits": judged, "measurements": taken}
    output.write_text(json.dumps(body, indent=2) + "\n")
    print(f"written to {output}")
    return all(one["kept"] for one in judged if one["value"] is not None)
