"""The mark that a drill compares with: a new one, or the newest stored one that can serve."""

from __future__ import annotations

import time

from archive import names
from archive.continuity import Judgement
from backup import cluster
from backup.cluster import Member
from backup.errors import BackupError, NotReady
from backup.settings import Settings
from engine.types import BaseBackup, Engine

from . import mark, marks, reach
from .checks import Findings
from .marks import Mark
from .times import iso

# A switched segment is archived within seconds; the cloud's is shipped behind it.
ARRIVAL_SECONDS = 180.0
ARRIVAL_STEP_SECONDS = 2.0
# A handover or a failover is over by then; without an exact mark the drill would prove nothing.
LEADER_SECONDS = 60.0


def members(settings: Settings, found: Findings) -> list[Member]:
    """Who can be asked; nobody when the cluster is away: its backups are proven all the same."""
    end = time.monotonic() + LEADER_SECONDS
    while True:
        try:
            return cluster.members(settings.nodes)
        except NotReady as error:
            if time.monotonic() > end:
                found.say(f"without the cluster: {error}")
                return []
        time.sleep(ARRIVAL_STEP_SECONDS)


def choose(
    engine: Engine,
    backup: BaseBackup,
    before: Judgement,
    asked: list[Member],
    to: float | None,
    found: Findings,
) -> Mark | None:
    """A new mark, or the newest stored one that can serve; None, with the reason entered."""
    reason = "no mark was taken between the base backup and that time"
    if to is None:
        reason = "the cluster cannot be asked, and no stored mark lies behind the base backup"
        if asked:
            found.begin("mark", "taking a mark: every table's checksum at one position of the WAL")
            try:
                point = mark.take(asked, found.say)
                marks.store(point)
                arrived(engine, backup, point, found)
                return point
            except mark.NoMark as error:
                reason = f"no exact mark: {error}"
    limit = time.time() if to is None else to
    floor = names.parse_lsn(backup.lsn_stop)

    def usable(point: Mark) -> bool:
        position = names.parse_lsn(point.lsn)
        return point.at <= limit and position > floor and before.holds(position, point.timeline)

    stored = marks.newest(usable)
    if stored is None:
        # A time that somebody asks for may lie before the first mark.
        found.not_made("checksums", reason, needed=to is None)
    else:
        found.say(f"using the mark of {iso(stored.at)}")
    return stored


def arrived(engine: Engine, backup: BaseBackup, point: Mark, found: Findings) -> None:
    """Waits until the archive holds the mark."""
    found.begin("archive", f"waiting for the mark {point.lsn} in {backup.repository}'s archive")
    end = time.monotonic() + ARRIVAL_SECONDS
    while not reach.holds(engine, backup.repository, backup.archive, point.timeline, point.lsn):
        if time.monotonic() > end:
            place = names.Segment(point.timeline, names.number_of(names.parse_lsn(point.lsn)))
            raise BackupError(
                f"segment {names.segment_name(place)} was closed on the leader and has not reached "
                f"the archive of {backup.repository} within {ARRIVAL_SECONDS:.0f} s"
            )
        time.sleep(ARRIVAL_STEP_SECONDS)
