"""archive.json: what the shipping thread knows, for the metrics and the commands. Pure, and a file.

Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.types import CLOUD, LOCAL

from . import plan
from .continuity import Interval, Judgement
from .ring import Beat, Ring
from .ship import Shipper
from .view import View

SEGMENT_DIGITS = 24
# By which the leader's clock and the repository's may differ.
CLOCKS_SECONDS = 60.0


def intervals(
    judgement: Judgement, files: Mapping[str, float], ring: Ring | None
) -> list[list[float]]:
    """The recoverable stretches as times, oldest first.

    An end is the newest heartbeat that it holds. `ring` None: the heartbeats are another
    cluster's; then, and before the oldest known one, it is the time of the last segment's arrival.
    """
    found: list[list[float]] = []
    for interval in judgement.intervals:
        end = _end(interval, judgement, files, ring)
        found.append([interval.start, max(interval.start, end)])
    return found


def _end(
    interval: Interval, judgement: Judgement, files: Mapping[str, float], ring: Ring | None
) -> float:
    arrived = files.get(interval.last, interval.start)
    if ring is None:
        return arrived
    last = interval is judgement.intervals[-1]

    def fits(beat: Beat) -> bool:
        # No segment holds what was written after it came: such a heartbeat is another cluster's,
        # one that took this one's place and is not archived.
        if beat.at > arrived + CLOCKS_SECONDS:
            return False
        return not last or judgement.holds(beat.lsn, beat.timeline)

    beat = ring.newest_at_or_before(interval.end, fits)
    return arrived if beat is None else beat.at


def repository(shipper: Shipper, view: View, ring: Ring) -> dict[str, Any]:
    """One repository's part."""
    stretches: list[list[float]] = []
    recoverable_to: float | None = None
    for archive, judgement in sorted(shipper.judgements.get(view.name, {}).items()):
        here = archive == view.archive
        found = intervals(judgement, view.files.get(archive, {}), ring if here else None)
        stretches += found
        if here and found:
            recoverable_to = found[-1][1]
    segments = [at for name, at in view.present.items() if len(name) == SEGMENT_DIGITS]
    return {
        "up": view.failures == 0,
        "cause": view.cause,
        "error": view.error,
        "lastSegmentAt": max(segments, default=None),
        "recoverableTo": recoverable_to,
        "holes": shipper.confirmed_holes(view.name),
        "intervals": sorted(stretches),
    }


def report(
    shipper: Shipper,
    ring: Ring,
    now: float,
    *,
    queues: Mapping[str, int],
    queue_limit: int,
    skew: float | None,
) -> dict[str, Any]:
    """The whole file's content."""
    local = shipper.views.get(LOCAL)
    waiting = shipper.backlog if CLOUD in shipper.views else []
    age = plan.backlog_age(local.present if local else {}, waiting, now)
    newest = ring.newest
    return {
        "at": now,
        "repositories": {
            name: repository(shipper, view, ring) for name, view in list(shipper.views.items())
        },
        "backlog": {"segments": len(waiting), "ageSeconds": age},
        "queues": dict(queues),
        "queueLimit": queue_limit,
        "holesFilled": dict(shipper.filled),
        "heartbeat": {"at": newest.at if newest else None},
        "clockSkew": skew,
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Puts the file in place as a whole. Raises OSError."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content))
    os.replace(partial, path)


def write_owed(path: Path, owed: Mapping[str, str]) -> None:
    """Says which repositories need a base backup; none: the file goes. Raises OSError."""
    if owed:
        write(path, owed)
    else:
        path.unlink(missing_ok=True)
