"""What the page shows, as values. Fields that end in `_at` are seconds since the epoch.

None is "nobody knows". `good`: whether it needs nobody's attention.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Member:
    """A PostgreSQL server."""

    name: str
    role: str
    """Patroni's word, or `-`."""
    state: str
    good: bool
    timeline: int | None = None
    lag_bytes: int | None = None
    since_at: float | None = None
    """Of a leader: when it took over, where Patroni's history tells. Else: PostgreSQL's start."""


@dataclass(frozen=True)
class EtcdMember:
    name: str
    state: str
    good: bool
    leads: bool = False
    size_bytes: float | None = None


@dataclass(frozen=True)
class Pooler:
    name: str
    state: str
    good: bool
    clients: int | None = None
    waiting: int | None = None
    longest_wait_seconds: float | None = None
    transactions_per_second: float | None = None


@dataclass(frozen=True)
class Door:
    """A place where HAProxy sends connections to whoever is well."""

    name: str
    leads_to: str
    servers: int | None
    good: bool


@dataclass(frozen=True)
class Instance:
    """An application instance, as the edge sees it."""

    name: str
    state: str
    good: bool | None
    """None: it serves nobody, which may be meant: scaled in. The alert InstancesMissing judges."""
    requests_per_second: float | None = None
    errors_per_second: float | None = None
    latency_seconds: float | None = None
    latency_kind: str = ""
    """`95 %` of the requests, or the `average`."""


@dataclass(frozen=True)
class Scaling:
    """What the autoscaler wants."""

    desired: int
    minimum: int
    maximum: int
    pinned: bool
    """A person said how many."""
    holding: bool
    """It changes nothing for now, e.g. while nobody leads."""


@dataclass(frozen=True)
class Part:
    """Anything else that Prometheus scrapes."""

    name: str
    component: str
    good: bool


@dataclass(frozen=True)
class Backup:
    """The newest of a kind in a repository."""

    repository: str
    kind: str
    last_at: float | None = None
    duration_seconds: float | None = None
    size_bytes: float | None = None
    held: int | None = None
    failures: int = 0
    damaged: int = 0

    @property
    def good(self) -> bool:
        return self.failures == 0 and self.damaged == 0


@dataclass(frozen=True)
class Proof:
    """What the restore drills of a repository and kind said."""

    repository: str
    kind: str
    proven_at: float | None = None
    last_run_at: float | None = None
    passed: bool | None = None
    rto_seconds: float | None = None
    rpo_seconds: float | None = None


@dataclass(frozen=True)
class Repository:
    name: str
    good: bool
    faults: tuple[str, ...] = ()
    recoverable_from_at: float | None = None
    recoverable_to_at: float | None = None
    loss_seconds: float | None = None
    """What the loss of the site would cost now."""
    holes: int = 0


@dataclass(frozen=True)
class Alert:
    name: str
    severity: str
    since_at: float | None
    concerns: str
    """Instance, repository or whatever the labels name."""
    summary: str = ""
    action: str = ""
    runbook: str = ""


@dataclass(frozen=True)
class Objective:
    """A promise and what was measured."""

    name: str
    how: str
    target_seconds: float | None
    measured_seconds: float | None

    @property
    def met(self) -> bool | None:
        if self.target_seconds is None or self.measured_seconds is None:
            return None
        return self.measured_seconds <= self.target_seconds


@dataclass(frozen=True)
class Source:
    """Who was asked. `error` is empty when the newest question was answered."""

    name: str
    answered_at: float | None
    error: str = ""


@dataclass(frozen=True)
class Verdict:
    state: str
    """healthy, degraded, down or unknown."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overview:
    """Everything but the charts."""

    stack: str
    site: str
    looked_at: float
    verdict: Verdict
    sources: tuple[Source, ...] = ()
    alerts: tuple[Alert, ...] = ()
    members: tuple[Member, ...] = ()
    etcd: tuple[EtcdMember, ...] = ()
    poolers: tuple[Pooler, ...] = ()
    doors: tuple[Door, ...] = ()
    instances: tuple[Instance, ...] = ()
    scaling: Scaling | None = None
    parts: tuple[Part, ...] = ()
    backups: tuple[Backup, ...] = ()
    repositories: tuple[Repository, ...] = ()
    proofs: tuple[Proof, ...] = ()
    cloud: bool | None = None
    objectives: tuple[Objective, ...] = ()
    read_lag_limit_bytes: float | None = None
    """A replica further behind serves no reads."""
    notes: tuple[str, ...] = field(default=())
    """Facts about the cluster that somebody chose, e.g. that Patroni is paused."""
