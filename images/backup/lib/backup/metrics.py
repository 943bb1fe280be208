"""The metrics page: what state, repository and certificates say, as Prometheus text."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import state
from .pgbackrest import REPOSITORY_NAME, BaseBackup

Labels = dict[str, str]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Facts:
    """Everything one page is rendered from. Times are seconds since the epoch, None is "never"."""

    state: state.State
    settings_valid: bool = False
    running: str | None = None
    due: dict[str, float | None] = field(default_factory=dict)
    base_backups: list[BaseBackup] = field(default_factory=list)
    dumps: int = 0
    last_push: float | None = None
    volume_bytes: int = 0
    volume_free_bytes: int = 0
    certificates: dict[str, float] = field(default_factory=dict)


def render(facts: Facts) -> str:
    """The page. A value that does not exist yet is left out rather than called 0."""
    lines: list[str] = []

    def gauge(name: str, text: str, samples: Iterable[tuple[Labels, float | int | None]]) -> None:
        present = [(labels, value) for labels, value in samples if value is not None]
        lines.extend([f"# HELP {name} {text}", f"# TYPE {name} gauge"])
        lines.extend(f"{name}{_labels(labels)} {value:.10g}" for labels, value in present)

    runs = facts.state.runs.items()
    local = {"repository": REPOSITORY_NAME}
    for name, text, value in RUN_GAUGES:
        gauge(name, text, [({"kind": kind}, value(run)) for kind, run in runs])
    gauge(
        "holdfast_backup_due_timestamp_seconds",
        "Instant of the schedule whose run is still owed; 0 when none is.",
        [({"schedule": name}, since or 0) for name, since in facts.due.items()],
    )
    gauge(
        "holdfast_backup_running",
        "1 while a run holds the lock.",
        [({}, 0 if facts.running is None else 1)],
    )
    gauge(
        "holdfast_backup_count",
        "Backups in the repository.",
        [
            ({**local, "kind": kind}, count)
            for kind, count in _counts(facts.base_backups, facts.dumps).items()
        ],
    )
    gauge(
        "holdfast_backup_recoverable_from_timestamp_seconds",
        "End of the oldest base backup: no earlier instant can be recovered.",
        [(local, min((item.stop for item in facts.base_backups), default=None))],
    )
    gauge(
        "holdfast_archive_last_push_timestamp_seconds",
        "When the newest WAL segment reached the repository.",
        [(local, facts.last_push)],
    )
    gauge(
        "holdfast_backup_stanza_ready",
        "1 when the stanza exists, belongs to the running cluster and WAL arrives.",
        [({}, int(facts.state.stanza_ready))],
    )
    gauge(
        "holdfast_backup_settings_valid",
        "1 when backup.json in its newest form could be read.",
        [({}, int(facts.settings_valid))],
    )
    gauge("holdfast_backup_volume_bytes", "Size of the volume.", [(local, facts.volume_bytes)])
    gauge(
        "holdfast_backup_volume_free_bytes",
        "Free space on the repository's volume.",
        [(local, facts.volume_free_bytes)],
    )
    gauge(
        "holdfast_certificate_expiry_timestamp_seconds",
        "End of a certificate's validity.",
        [({"certificate": name}, end) for name, end in facts.certificates.items()],
    )
    return "\n".join(lines) + "\n"


RUN_GAUGES: list[tuple[str, str, Callable[[state.Run], float | int | None]]] = [
    (
        "holdfast_backup_last_success_timestamp_seconds",
        "Start of the newest run that succeeded.",
        lambda run: run.last_success,
    ),
    (
        "holdfast_backup_failures",
        "Failed runs since the last success.",
        lambda run: run.failures,
    ),
    (
        "holdfast_backup_last_duration_seconds",
        "Duration of the newest run that succeeded.",
        lambda run: None if run.last_success is None else run.duration,
    ),
    (
        "holdfast_backup_last_size_bytes",
        "What the newest run that succeeded added to the repository.",
        lambda run: None if run.last_success is None else run.bytes,
    ),
]


def volume(path: Path) -> tuple[int, int]:
    """Size and free bytes of the file system that holds `path`."""
    usage = shutil.disk_usage(path)
    return usage.total, usage.free


def _counts(base_backups: list[BaseBackup], dumps: int) -> dict[str, int]:
    counts = {"full": 0, "incr": 0, "logical": dumps}
    for item in base_backups:
        counts[item.kind] = counts.get(item.kind, 0) + 1
    return counts


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
