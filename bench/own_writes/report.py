"""The results as a table."""

READS = ("my orders", "front page, wrote nothing")


def table(results: list[dict], names: dict[str, str]) -> str:
    """One line a condition; shares are of the reads that replicas served."""
    rows = [["replicas", "pairs", "stale", "failed", "own reads by replicas", "others' by replicas",
             "order p50/p95 ms", "own read p50/p95 ms", "fallbacks"]]
    for one in results:
        shares = [share(one["roles"].get(what, {})) for what in READS]
        rows.append([
            names[one["condition"]], str(one["pairs"]), str(one["stale"]),
            str(sum(one["failed"].values())), *shares,
            times(one["milliseconds"].get("order")), times(one["milliseconds"].get("my orders")),
            ", ".join(f"{reason} {count}" for reason, count in one["fallbacks"].items() if count) or "-",
        ])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = ["  ".join(row).rstrip() for row in padded]
    for one in results:
        lines += [f"stale: {text}" for text in one["staleExamples"]]
        lines += [f"failed: {text}: {count}" for text, count in one["failed"].items()]
    return "\n".join(lines)


def share(roles: dict[str, int]) -> str:
    total = sum(roles.values())
    return f"{100 * roles.get('replica', 0) / total:.1f} % of {total}" if total else "-"


def times(found: dict | None) -> str:
    return f"{found['p50']:.0f}/{found['p95']:.0f}" if found else "-"
