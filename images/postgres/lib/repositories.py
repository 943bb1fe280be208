"""pgBackRest's repositories as a member sees them: through the backup container, one at a time.

Each command names one repository's file in the backup container: one that is away harms no other.
"""

import json
import re
import subprocess
import time
from dataclasses import dataclass

from archive_server import CONFIG
from lineage import (
    Backup,
    Choice,
    Fork,
    best,
    bounds,
    lsn_number,
    parse_history,
    timeline_at,
)
from restore_order import Order

DATA = "/var/lib/postgresql/17/main"
LOCAL, CLOUD = "local", "cloud"
ASK_SECONDS = 25.0
# Status codes of `info` that say something about the repository; 99 says that it was not read.
UNREAD = 99
MISSING_CONFIG = "missing file"
HISTORY = re.compile(r"^([0-9A-F]{8})\.history$")


class RepositoryError(Exception):
    """A repository gave no answer or not the one needed; the text has pgBackRest's own words."""


class NoSuchRepository(RepositoryError):
    """The backup container knows no repository of this name."""


@dataclass(frozen=True)
class Contents:
    """What a repository holds of one stanza."""

    backups: list[Backup]
    # Archive ids (`17-1`), the newest first.
    archives: list[str]
    # The newest WAL segment, empty when there is none.
    newest: str


def command(repository: str, stanza: str, *arguments: str) -> list[str]:
    """A pgBackRest command line that works on one repository."""
    return [
        "pgbackrest",
        f"--config={CONFIG}",
        f"--repo1-host-config=/run/holdfast/pgbackrest/{repository}.conf",
        f"--stanza={stanza}",
        *arguments,
    ]


def run(repository: str, stanza: str, *arguments: str, seconds: float = ASK_SECONDS) -> str:
    """The output of a reading command. RepositoryError when it fails or takes too long."""
    line = command(repository, stanza, "--log-level-console=off", "--log-level-stderr=error")
    # Its own patience is a minute; the answer to a start should not take that long.
    line += [f"--io-timeout={max(1, int(seconds / 5))}", *arguments]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise RepositoryError(f"{repository}: no answer in {seconds:.0f} s") from error
    if done.returncode != 0:
        raise RepositoryError(f"{repository}: {done.stderr.strip()[-500:]}")
    return done.stdout


def contents(repository: str, stanza: str, seconds: float = ASK_SECONDS) -> Contents:
    """What the repository holds; nothing where the stanza is not made yet. RepositoryError."""
    text = run(repository, stanza, "--output=json", "info", seconds=seconds)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise RepositoryError(f"{repository}: no JSON: {text[:200]}") from error
    return parse_info(repository, found)


def parse_info(repository: str, found: list[dict]) -> Contents:
    """The answer of `info` about one stanza in one repository. Pure."""
    body = found[0] if found else {}
    states = [part.get("status") or {} for part in body.get("repo") or []]
    for status in [*states, body.get("status") or {}]:
        if int(status.get("code") or 0) == UNREAD and status.get("message") != "other":
            words = " ".join(str(status.get("message")).split())
            missing = MISSING_CONFIG in words and f"pgbackrest/{repository}.conf" in words
            kind = NoSuchRepository if missing else RepositoryError
            raise kind(f"{repository}: {words[:500]}")
    clusters = {entry["id"]: entry for entry in body.get("db") or []}
    archives = sorted(body.get("archive") or [], key=lambda one: -one["database"]["id"])
    newest = max((one.get("max") or "" for one in archives[:1]), default="")
    return Contents(
        backups=[_backup(item, clusters) for item in body.get("backup") or []],
        archives=[one["id"] for one in archives],
        newest=newest,
    )


def _backup(item: dict, clusters: dict[int, dict]) -> Backup:
    number = item["database"]["id"]
    cluster = clusters.get(number, {})
    return Backup(
        label=item["label"],
        archive=f"{cluster.get('version', '')}-{number}",
        system=int(cluster.get("system-id") or 0),
        timeline=int(item["archive"]["stop"][:8], 16),
        lsn_stop=lsn_number(item["lsn"]["stop"]),
        stop=float(item["timestamp"]["stop"]),
        bytes=int(item["info"]["size"]),
        wal_start=item["archive"]["start"],
    )


def histories(repository: str, stanza: str, archive: str) -> dict[int, float]:
    """The timelines that have a history file in the archive, with the time it came there."""
    text = run(repository, stanza, "--output=json", "repo-ls", f"archive/{stanza}/{archive}")
    found = {}
    for name, entry in json.loads(text or "{}").items():
        if one := HISTORY.match(name):
            found[int(one[1], 16)] = float(entry.get("time") or 0)
    return found


def history(repository: str, stanza: str, archive: str, timeline: int) -> str:
    """The text of one history file."""
    path = f"archive/{stanza}/{archive}/{timeline:08X}.history"
    return run(repository, stanza, "repo-get", path)


def choose(order: Order) -> Choice:
    """The base backup and the timeline for an order. RepositoryError when there is none."""
    found = contents(order.repository, order.stanza)
    moment = order.time()
    until = moment.timestamp() if moment else None
    lsn = lsn_number(order.value) if order.kind == "lsn" else None
    if order.label is not None:
        known = [backup for backup in found.backups if backup.label == order.label]
        if not known:
            raise RepositoryError(f"{order.repository} has no backup {order.label}")
        backups = known
    else:
        backups = found.backups
    if not backups:
        raise RepositoryError(f"{order.repository} holds no backup of {order.stanza}")
    # A database made anew in between has an archive of its own; the newest that reaches the target.
    for archive in sorted({one.archive for one in backups}, key=_number, reverse=True):
        own = [backup for backup in backups if backup.archive == archive]
        timeline, ends = along(order.repository, order.stanza, archive, own, until)
        if chosen := best(own, ends, until, lsn):
            return Choice(chosen, timeline)
    oldest = min(backups, key=lambda backup: backup.stop)
    raise RepositoryError(
        f"no backup in {order.repository} is old enough for {order.value or order.kind}:"
        f" the oldest, {oldest.label}, ended at {_iso(oldest.stop)}"
    )


def along(
    repository: str, stanza: str, archive: str, backups: list[Backup], until: float | None
) -> tuple[int, dict[int, int]]:
    """The timeline to follow to a moment (the newest for None), and what belongs to it."""
    born = histories(repository, stanza, archive)

    def forks_of(timeline: int) -> list[Fork]:
        if timeline not in born:
            return []  # the first timeline has no history
        return parse_history(history(repository, stanza, archive, timeline))

    newest = max([*born, *(backup.timeline for backup in backups)])
    forks = forks_of(newest)
    timeline = newest if until is None else timeline_at(newest, forks, born, until)
    return timeline, bounds(timeline, forks if timeline == newest else forks_of(timeline))


def _number(archive: str) -> int:
    return int(archive.rpartition("-")[2] or 0)


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
