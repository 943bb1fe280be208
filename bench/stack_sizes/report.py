"""The figures of bench/sizes: growth and tables."""

import argparse
import statistics
from typing import Any

WORDS = {"up": "up, from nothing", "upAgain": "up, nothing to do", "preview": "preview"}


def sizes(text: str) -> list[int]:
    """Of `2,5,10`, for argparse."""
    try:
        found = [int(one) for one in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError("numbers of replicas, e.g. 2,5,10") from None
    if not found or found != sorted(set(found)) or not 1 <= found[0] <= found[-1] <= 10:
        raise argparse.ArgumentTypeError("from 1 to 10, each larger than the one before")
    return found


def growth(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each time at each size by that at the smallest one; kept when it grew no faster than the replicas."""
    found = []
    for larger in measured[1:]:
        smallest = measured[0]
        number = larger["replicas"] / smallest["replicas"]
        for what in WORDS:
            before, now = (statistics.median(one["seconds"][what]) for one in (smallest, larger))
            one = {"what": what, "replicas": larger["replicas"], "times": now / before, "replicasTimes": number}
            found.append(one | {"kept": now / before <= number})
    return found


def table(results: dict[str, Any]) -> str:
    """Times, their growth, and the memory, with a column for each size."""
    measured = results["sizes"]
    if not measured:
        return "nothing was measured"
    head = ["", *(f"{one['replicas']} replicas" for one in measured)]
    lines = [head]
    for what, words in WORDS.items():
        lines.append([words, *(spread(one["seconds"][what], " s") for one in measured)])
    for tier in dict.fromkeys(row["tier"] for one in measured for row in one["memory"]):
        lines.append([f"memory: {tier}", *(memory_of(one, tier) for one in measured)])
    grown = [
        f"{WORDS[one['what']]}, {one['replicas']} replicas: {one['times']:.2f} times as long with"
        f" {one['replicasTimes']:.1f} times as many: {'kept' if one['kept'] else 'MISSED'}"
        for one in results["growth"]
    ]
    return "\n".join([*aligned(lines), "", *grown])


def spread(values: list[float], unit: str) -> str:
    """`12.1 s (11.9 to 12.4, n=3)`; one value stands for itself."""
    median = f"{statistics.median(values):.1f}{unit}"
    return median if len(values) == 1 else f"{median} ({min(values):.1f} to {max(values):.1f}, n={len(values)})"


def memory_of(size: dict[str, Any], tier: str) -> str:
    """`201 MiB in 3`, or nothing at a size without that tier."""
    for row in size["memory"]:
        if row["tier"] == tier:
            return f"{row['mebibytes']['mean']:.0f} MiB in {row['containers']}"
    return "-"


def aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
