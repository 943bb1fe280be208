"""What a metric is, and the ways its values come from the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .facts import Facts, RepositoryFacts, RunFacts
from .records import LOGICAL, PHYSICAL, Summary

Labels = dict[str, str]
Value = float | int | bool | None
Samples = list[tuple[Labels, Value]]
PROOFS = (PHYSICAL, LOGICAL)


@dataclass(frozen=True)
class Family:
    """One metric."""

    name: str
    text: str
    samples: Callable[[Facts], Samples]
    kind: str = "gauge"


def once(value: Callable[[Facts], Value]) -> Callable[[Facts], Samples]:
    """One sample without labels."""
    return lambda facts: [({}, value(facts))]


def per_run(value: Callable[[RunFacts], Value]) -> Callable[[Facts], Samples]:
    """One for each repository and kind of backup."""
    return lambda facts: [
        ({"repository": name, "kind": kind}, value(run))
        for (name, kind), run in facts.runs.items()
    ]


def per_repository(value: Callable[[RepositoryFacts], Value]) -> Callable[[Facts], Samples]:
    """One for each repository."""
    return lambda facts: [
        ({"repository": name}, value(known)) for name, known in facts.repositories.items()
    ]


def per_key(
    label: str, values: Callable[[RepositoryFacts], dict[str, Any]]
) -> Callable[[Facts], Samples]:
    """One for each repository and each key of what is known of it."""
    return lambda facts: [
        ({"repository": name, label: key}, value)
        for name, known in facts.repositories.items()
        for key, value in values(known).items()
    ]


def per_proof(value: Callable[[Summary], Value]) -> Callable[[Facts], Samples]:
    """One for each repository and kind of restore."""
    return per_key(
        "kind", lambda known: {kind: value(proof) for kind, proof in known.proofs.items()}
    )


def unproven(known: RepositoryFacts) -> dict[str, Value]:
    """Since when nothing was proven: the newest proof, else the repository's first day."""
    proven = {kind: known.proofs.get(kind, Summary()).proven for kind in PROOFS}
    return {kind: known.since if moment is None else moment for kind, moment in proven.items()}
