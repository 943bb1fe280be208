"""What a repository's archive can recover right now, judged from its list of files."""

from __future__ import annotations

from archive import continuity, names
from backup import paths
from backup.errors import BackupError, RepositoryFault
from engine.types import BaseBackup, Engine


def judge(engine: Engine, repository: str, backup: BaseBackup) -> continuity.Judgement:
    """Judges the archive that `backup` belongs to. Raises BackupError when there is none."""
    files = [file.name for file in engine.archived(repository) if file.archive == backup.archive]
    listed = [b for b in engine.base_backups(repository) if b.archive == backup.archive]
    timelines = [t for name in files if (t := names.history_timeline(name)) is not None]
    judgement = continuity.judge(files, listed, {})
    if timelines:
        texts = _histories(engine, repository, backup.archive, timelines)
        judgement = continuity.judge(files, listed, texts)
    if judgement is None:
        raise RepositoryFault(repository, "damaged", f"archive {backup.archive} is empty")
    return judgement


def _histories(
    engine: Engine, repository: str, archive: str, timelines: list[int]
) -> dict[int, str]:
    """The newest .history that can be read: it tells of all timelines before it."""
    target = paths.SCRATCH / "timeline.history"
    paths.SCRATCH.mkdir(parents=True, exist_ok=True)
    texts: dict[int, str] = {}
    for timeline in sorted(timelines, reverse=True):
        try:
            engine.fetch(repository, archive, names.history_name(timeline), target)
            texts[timeline] = target.read_text()
            break
        except RepositoryFault as error:
            if error.cause != "damaged":
                raise
        except (BackupError, OSError):
            continue
        finally:
            target.unlink(missing_ok=True)
    return texts


def holds(engine: Engine, repository: str, archive: str, timeline: int, lsn: str) -> bool:
    """Whether the segment with this position has arrived."""
    wanted = names.segment_name(names.Segment(timeline, names.number_of(names.parse_lsn(lsn))))
    return any(f.name == wanted and f.archive == archive for f in engine.archived(repository))


def in_the_way(judgement: continuity.Judgement, backup: BaseBackup, last: int | None) -> list[str]:
    """Names of segments that are missing between a base backup and segment number `last`."""
    first = names.segment(backup.wal_start)
    found = []
    for name in judgement.missing:
        place = names.segment(name)
        after = place is None or first is None or place.number >= first.number
        if after and (place is None or last is None or place.number <= last):
            found.append(name)
    return found
