"""Everything that one metrics page is rendered from."""

from __future__ import annotations

from dataclasses import dataclass, field

from .records import Summary


@dataclass
class RunFacts:
    """The newest runs of one kind into one repository. Times are seconds since the epoch."""

    last_success: float | None = None
    failures: int = 0
    duration: float | None = None
    previous_duration: float | None = None
    bytes: int | None = None
    previous_bytes: int | None = None


@dataclass
class RepositoryFacts:
    """What is known of one repository; None is "nobody knows"."""

    up: bool | None = None
    faults: dict[str, str] = field(default_factory=dict)
    """By cause: the error in its own words."""
    stanza_ready: bool | None = None
    since: float | None = None
    """When it was first used."""
    counts: dict[str, int] = field(default_factory=dict)
    damaged: dict[str, int] = field(default_factory=dict)
    recoverable_from: float | None = None
    recoverable_to: float | None = None
    last_segment: float | None = None
    open_holes: int | None = None
    holes_filled: int | None = None
    proofs: dict[str, Summary] = field(default_factory=dict)
    """By kind of restore."""


@dataclass
class Facts:
    """Everything one page is rendered from. Times are seconds since the epoch, None is "never"."""

    created: float | None = None
    settings_valid: bool = False
    cloud_configured: bool | None = None
    running: bool = False
    runs: dict[tuple[str, str], RunFacts] = field(default_factory=dict)
    """By repository and kind."""
    due: dict[tuple[str, str], float | None] = field(default_factory=dict)
    """By repository and schedule: the instant whose run is owed; None when none is."""
    repositories: dict[str, RepositoryFacts] = field(default_factory=dict)
    archive_reported: float | None = None
    queues: dict[str, int] = field(default_factory=dict)
    """Segments that wait on a node, by member."""
    queue_limit: int | None = None
    backlog_segments: int | None = None
    backlog_age: float | None = None
    heartbeat: float | None = None
    clock_skew: float | None = None
    drill_alive: float | None = None
    volume_bytes: int | None = None
    volume_free_bytes: int | None = None
    certificates: dict[str, float] = field(default_factory=dict)
