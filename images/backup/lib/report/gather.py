"""Facts of one page from what everybody said. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from . import archive, overview, records
from .facts import Facts, RepositoryFacts
from .inventory import Inventory

LOCAL = "local"
CLOUD = "cloud"
# Below this the next few segments find no place: the volume is full, whatever it still says.
FULL_BYTES = 64 << 20


@dataclass(frozen=True)
class StanzaFacts:
    """What the volume remembers of one repository."""

    ready: bool
    cause: str = ""
    error: str = ""
    since: float | None = None


@dataclass
class Said:
    """What everybody said."""

    now: float
    repositories: tuple[str, ...] = ()
    """Those that the settings name; empty while there are none."""
    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    report: archive.Report = field(default_factory=archive.Report)
    proofs: Iterable[records.Proof] = ()
    condemned: Collection[tuple[str, str]] = ()
    stanzas: Mapping[str, StanzaFacts] = field(default_factory=dict)


def add(facts: Facts, said: Said) -> None:
    """Enters it into facts that hold the runs, the volume and the certificates already."""
    report, proofs = said.report, list(said.proofs)
    facts.archive_reported = report.at
    facts.queues = dict(report.queues)
    facts.queue_limit = report.queue_limit
    facts.heartbeat = report.heartbeat
    facts.clock_skew = report.clock_skew
    if said.repositories:
        facts.cloud_configured = CLOUD in said.repositories
    if facts.cloud_configured:
        facts.backlog_segments, facts.backlog_age = report.backlog_segments, report.backlog_age
    full = facts.volume_free_bytes is not None and facts.volume_free_bytes < FULL_BYTES
    for name in said.repositories:
        found = _repository(name, said, proofs)
        if name == LOCAL and full:
            found.faults.setdefault("full", f"{facts.volume_free_bytes} bytes are free")
        facts.repositories[name] = found


def _repository(name: str, said: Said, proofs: list[records.Proof]) -> RepositoryFacts:
    held = said.inventories.get(name, Inventory(name))
    known = said.report.repositories.get(name)
    stanza = said.stanzas.get(name)
    faults = overview.faults(held, said.report, said.now)
    # Before the first question nobody knows; afterwards a repository without a fault is up.
    asked = known is not None or held.asked is not None
    found = RepositoryFacts(
        up=not faults if asked else None,
        faults=dict(faults),
        stanza_ready=None if stanza is None else stanza.ready,
        since=None if stanza is None else stanza.since,
        proofs={
            kind: records.summary(proofs, name, kind)
            for kind in (records.PHYSICAL, records.LOGICAL)
        },
        holes_filled=said.report.holes_filled.get(name),
    )
    if stanza is not None and stanza.error and not found.faults:
        # What nobody can name happened while the stanza was made ready.
        named = stanza.cause not in ("", "other")
        found.faults[stanza.cause if named else "stanza"] = stanza.error
    if held.answered is not None:
        found.counts = overview.counts(held)
        found.damaged = overview.damaged(held, said.condemned)
        found.recoverable_from = min((item.stop for item in held.base_backups), default=None)
    if known is not None:
        found.last_segment, found.recoverable_to = known.last_segment, known.recoverable_to
        found.open_holes = len(archive.open_holes(known.holes, held.base_backups))
    return found
