"""What exists, as the contract's `backups` rows, and as a table with what it is worth."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any

from report import archive, records
from report.inventory import Dump, Inventory
from report.overview import Overview

Row = dict[str, Any]
HEAD = ("REPOSITORY", "KIND", "LABEL", "STOP", "AGE", "SIZE", "PROVEN", "RECOVERABLE")
NO_CLOUD = (
    "no cloud repository: the loss of this machine loses every backup "
    "(docs/backups.md says how to add one)"
)


def rows(
    inventories: Iterable[Inventory],
    report: archive.Report,
    proofs: Iterable[records.Proof] = (),
    condemned: Collection[tuple[str, str]] = (),
) -> list[Row]:
    """Every base backup and dump, oldest first. `condemned`: (repository, label) drills refused."""
    held = list(inventories)
    proven = records.proven_at(proofs, [item for one in held for item in one.base_backups])
    listed: list[Row] = []
    for one in held:
        intervals = report.repositories.get(one.repository, archive.Archive()).intervals
        for item in one.base_backups:
            reach = archive.recoverable_to(item.stop, intervals)
            listed.append(
                _row(one.repository, item.kind, item.label, item.start, item.stop, item.bytes)
                | {"recoverableFrom": iso(item.stop), "recoverableTo": iso(reach)}
                | {"damaged": item.damaged}
            )
        listed += [_dump(one.repository, dump) for dump in one.dumps]
    for row in listed:
        key = (row["repository"], row["label"])
        row["provenAt"] = iso(proven[key]) if key in proven else None
        row["damaged"] = row["damaged"] or key in condemned
    return sorted(listed, key=lambda row: (str(row["start"]), row["repository"] != "local"))


def _dump(repository: str, dump: Dump) -> Row:
    # A dump nobody can read stays visible: a fault to see, not one to hide.
    start = records.label_seconds(dump.label) if dump.start is None else dump.start
    instant = None if dump.instant is None else iso(dump.instant)
    return _row(repository, "logical", dump.label, start, dump.stop, dump.bytes) | {
        "recoverableFrom": instant,
        "recoverableTo": instant,
        "damaged": dump.damaged,
    }


def _row(
    repository: str, kind: str, label: str, start: float, stop: float | None, size: int | None
) -> Row:
    return {
        "repository": repository,
        "kind": kind,
        "label": label,
        "start": iso(start),
        "stop": None if stop is None else iso(stop),
        "bytes": size,
        "provenAt": None,
    }


def states(overviews: Iterable[Overview], now: float) -> list[Row]:
    """The state of each repository, for programs."""
    return [
        {
            "repository": one.repository,
            "faults": [{"cause": cause, "error": text} for cause, text in one.faults.items()],
            "answeredAt": _iso(one.answered),
            "windows": [[iso(first), iso(last)] for first, last in one.windows],
            "recoverableTo": _iso(one.recoverable_to),
            "rpoSeconds": None
            if one.recoverable_to is None
            else round(max(0.0, now - one.recoverable_to)),
            "holes": one.open_holes,
            "proofs": {
                kind: {
                    "provenAt": _iso(proof.proven),
                    "lastRunAt": _iso(proof.last_run),
                    "passed": proof.last_passed,
                    "error": proof.last_error,
                    "rtoSeconds": proof.rto,
                    "rpoSeconds": proof.rpo,
                }
                for kind, proof in one.proofs.items()
            },
        }
        for one in overviews
    ]


def text(listed: list[Row], overviews: list[Overview], now: float) -> str:
    """The table, and below it a line for each repository."""
    lines = [line for one in overviews for line in _state(one, now)]
    if [one.repository for one in overviews] == ["local"]:
        lines.append(NO_CLOUD)
    return "\n".join([table(listed, now), "", *lines])


def table(listed: list[Row], now: float) -> str:
    """The rows, aligned."""
    body = [
        (
            row["repository"],
            row["kind"],
            row["label"],
            row["stop"] or "unreadable",
            age(now - records.seconds(row["stop"] or row["start"])),
            size(row["bytes"]),
            _proven(row, now),
            _reach(row),
        )
        for row in listed
    ]
    widths = [max(len(line[column]) for line in [HEAD, *body]) for column in range(len(HEAD))]
    return "\n".join(_aligned(line, widths) for line in [HEAD, *body])


def _proven(row: Row, now: float) -> str:
    if row["damaged"]:
        return "DAMAGED"
    return "-" if row["provenAt"] is None else ago(records.seconds(row["provenAt"]), now)


def _reach(row: Row) -> str:
    first, last = row["recoverableFrom"], row["recoverableTo"]
    return (first or "-") if first == last else f"{first} … {last}"


def _state(one: Overview, now: float) -> list[str]:
    """One line; faults have lines of their own, for their texts may be long."""
    spans = [iso(a) if a == b else f"{iso(a)} … {iso(b)}" for a, b in one.windows]
    parts = [
        f"recoverable {' and '.join(spans)}" if spans else "nothing recoverable yet",
        "RPO now unknown"
        if one.recoverable_to is None
        else f"RPO now {age(now - one.recoverable_to)}",
        f"proven: {', '.join(_proof(kind, proof, now) for kind, proof in one.proofs.items())}",
    ]
    if one.open_holes:
        parts.append(f"{one.open_holes} {'hole' if one.open_holes == 1 else 'holes'} in its WAL")
    lines = [f"{one.repository}: {'; '.join(parts)}"]
    for cause, error in one.faults.items():
        since = "never answered" if one.answered is None else f"as of {ago(one.answered, now)}"
        lines.append(f"{one.repository}: FAULT {cause}: {error or 'no reason given'} ({since})")
    for kind, proof in one.proofs.items():
        if proof.last_passed is False and proof.last_run is not None:
            when = ago(proof.last_run, now)
            lines.append(f"{one.repository}: FAILED {kind} drill {when}: {proof.last_error}")
    return lines


def _proof(kind: str, proof: records.Summary, now: float) -> str:
    return f"{kind} {'never' if proof.proven is None else ago(proof.proven, now)}"


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
    return "  ".join(cells).rstrip()


def iso(seconds: float) -> str:
    """UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)


def ago(moment: float, now: float) -> str:
    """`5 min ago`."""
    return f"{age(now - moment)} ago"


def age(seconds: float) -> str:
    """A duration for people, in the largest unit that has at least two of it: `90 s`, `47 h`."""
    whole = max(0, round(seconds))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if whole >= 2 * length:
            return f"{whole // length} {unit}"
    return f"{whole} s"


def size(count: int | None) -> str:
    """Bytes for people: 2.7 MiB."""
    if count is None:
        return "-"
    value, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"
