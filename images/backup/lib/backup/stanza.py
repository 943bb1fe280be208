"""Whether a repository takes this cluster's WAL: made so, proven, and remembered."""

from __future__ import annotations

import time

from engine import CLOUD, LOCAL, Engine
from objects import open_store

from . import paths, room, schedule, state
from . import uploads as cloud_dumps
from .errors import RepositoryFault
from .settings import Settings


def prepare(settings: Settings, engine: Engine, repository: str) -> None:
    """Makes the repository ready. Raises BackupError; its own fault is remembered."""
    try:
        engine.prepare(repository)
        listed = engine.base_backups(repository)
        sent = cloud_dumps.labels(open_store(settings)) if repository == CLOUD else None
    except RepositoryFault as error:
        remember_unready(repository, error)
        raise
    with state.changing(paths.STATE) as known:
        entry = known.of(repository)
        if entry.stanza_error:
            entry.mended = time.time()
        entry.stanza_ready, entry.stanza_error, entry.stanza_cause = True, "", ""
        # A repository that came back empty owes everything again, whatever we remember.
        if not listed:
            for kind in schedule.PHYSICAL_KINDS:
                known.runs.pop(state.key(repository, kind), None)
        name = state.key(repository, schedule.LOGICAL)
        if sent is not None and name in known.runs and known.runs[name].label not in sent:
            known.runs.pop(name)


def remember_unready(repository: str, fault: RepositoryFault) -> None:
    """The metrics have it until the stanza is ready."""
    error = told_plainly(fault, repository)
    assert isinstance(error, RepositoryFault)
    with state.changing(paths.STATE) as known:
        entry = known.of(repository)
        entry.stanza_ready = False
        entry.stanza_error, entry.stanza_cause = str(error), error.cause


def told_plainly(error: Exception, repository: str) -> Exception:
    """On a full volume every error here is that: WAL that did not arrive, a file not written."""
    plain = not isinstance(error, RepositoryFault) or error.cause in ("other", "stanza")
    if repository != LOCAL or not plain or not room.short(paths.REPOSITORY):
        return error
    return RepositoryFault(LOCAL, "full", f"the volume is full ({error})")
