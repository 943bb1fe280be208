"""The volume's own memory (state.json) as facts."""

from __future__ import annotations

from backup.state import State

from .facts import RunFacts
from .gather import StanzaFacts


def runs(state: State) -> dict[tuple[str, str], RunFacts]:
    """The newest runs by repository and kind."""
    found: dict[tuple[str, str], RunFacts] = {}
    for name, run in state.runs.items():
        repository, _, kind = name.partition("/")
        succeeded = run.last_success is not None
        found[repository, kind] = RunFacts(
            last_success=run.last_success,
            failures=run.failures,
            duration=run.duration if succeeded else None,
            previous_duration=run.previous_duration,
            bytes=run.bytes if succeeded else None,
            previous_bytes=run.previous_bytes,
        )
    return found


def stanzas(state: State) -> dict[str, StanzaFacts]:
    """Whether each repository takes this cluster's WAL, and since when it is there."""
    return {
        name: StanzaFacts(
            known.stanza_ready, known.stanza_cause, known.stanza_error, known.created
        )
        for name, known in state.repositories.items()
    }


def damaged(state: State) -> set[tuple[str, str]]:
    """Backups, by (repository, label), that a check of the stored files found damaged."""
    return {
        (name, label) for name, known in state.repositories.items() for label in known.damaged
    }
