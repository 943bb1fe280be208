"""The logical runs: a dump into the volume, and the volume's dumps to the cloud. Need the lock."""

from __future__ import annotations

import sys
import time

from engine import CLOUD, LOCAL
from objects import open_store

from . import cluster, damage, dump, folders, paths, retention, state, sums, uploads
from .errors import BackupError, RepositoryFault
from .settings import Settings


def take(settings: Settings, members: list[cluster.Member], now: float) -> state.Outcome:
    """Takes a dump into the volume and removes those that have had their time."""
    paths.DUMPS.mkdir(exist_ok=True)
    folders.remove(paths.DUMPS, retention.abandoned(folders.names(paths.DUMPS)))
    try:
        taken = dump.take(settings, members, now)
    except BackupError as error:
        leaders = [member for member in members if member.leader]
        if leaders == members:
            raise
        # A replica cancels long queries that hold back its replay; the leader does not.
        print(f"holdfast-backup: {error}; trying again on the leader", file=sys.stderr)
        folders.remove(paths.DUMPS, retention.abandoned(folders.names(paths.DUMPS)))
        taken = dump.take(settings, leaders, time.time())
    expired = retention.expired_dumps(folders.names(paths.DUMPS), settings.keep_dumps)
    # A damaged one has been replaced now.
    damaged = [name for name in damage.dumps(LOCAL) if name != taken.label]
    folders.remove(paths.DUMPS, sorted({*expired, *damaged} & set(folders.names(paths.DUMPS))))
    damage.forget(LOCAL, damaged)
    return state.Outcome(taken.label, taken.bytes)


def upload(settings: Settings, _members: object, _now: float) -> state.Outcome:
    """Brings every dump that the volume still has to the cloud, the newest first."""
    assert settings.cloud is not None
    store = open_store(settings)
    damaged = damage.dumps(CLOUD)
    for label in damaged:
        uploads.remove(store, label)
    there = uploads.labels(store)
    for name in uploads.abandoned(store, there):
        store.remove(name)
    complete = sorted(name for name in folders.names(paths.DUMPS) if retention.LABEL.match(name))
    if not complete:
        raise BackupError("there is no dump yet to bring to the cloud")
    wanted = complete[-settings.cloud.keep_dumps :]
    for label in reversed([label for label in wanted if label not in there]):
        faults = sums.check(paths.DUMPS / label, paths.DUMPS / label)
        if faults:
            damage.remember(LOCAL, {label: f"{faults[0].file} {faults[0].problem}"})
            raise RepositoryFault(LOCAL, "damaged", f"dump {label}: {faults[0].file} is damaged")
        uploads.upload(store, paths.DUMPS / label)
    for label in retention.expired_dumps(uploads.labels(store), settings.cloud.keep_dumps):
        uploads.remove(store, label)
    damage.forget(CLOUD, damaged)
    size = sum(int(entry["sealedBytes"]) for entry in uploads.sealed(store, complete[-1])["files"])
    return state.Outcome(complete[-1], size)
