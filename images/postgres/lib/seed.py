#!/usr/bin/python3
"""Makes this member's data from a backup where that is better than copying from the leader (M23).

usage: holdfast-seed --connstring=... --datadir=... (by Patroni, create_replica_methods)

With a leader: from the newest backup if it is younger than backup.seedMaxAge and the database is
large; what the leader then still has to send is little. Without a leader: from any. What is in the
data directory already is kept where its checksums fit (--delta). There is no restore_command, so
the WAL since the backup is fetched into pg_wal here, and streaming goes on from its end.
Exit codes: 0 done; 1 not this way, pg_basebackup follows.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import restore_files as files
import restore_keys as keys
import unled
from etcd_gateway import EtcdError
from facts import fact
from lineage import best
from patroni_process import POSTMASTER_PID, is_running
from repositories import CLOUD, DATA, LOCAL, RepositoryError, along, command, contents
from seed_rules import AGE_SECONDS, LEAST_BYTES, Offer, decide, segment_name, segments_after

SEGMENT_BYTES = 16 * 1024**2
ASK_SECONDS = 15.0
# Left over for PostgreSQL's own first steps.
ROOM_BYTES = 256 * 1024**2


def say(text: str) -> None:
    print(f"holdfast-seed: {text}", file=sys.stderr, flush=True)


def offers(stanza: str) -> list[Offer]:
    """The newest usable backup of each repository that answers, the nearest first."""
    found: list[Offer] = []
    for name in (LOCAL, CLOUD):
        if name == CLOUD and os.environ.get("HOLDFAST_CLOUD") == "no":
            continue
        with contextlib.suppress(RepositoryError):
            held = contents(name, stanza, ASK_SECONDS)
            archive = held.archives[0] if held.archives else ""
            own = [one for one in held.backups if one.archive == archive]
            if own:
                timeline, history = along(name, stanza, archive, own, None)
                if chosen := best(own, history):
                    found.append(Offer(name, chosen, timeline))
    return found


def identifier() -> int | None:
    """The cluster's, from etcd."""
    try:
        text = keys.client().get(keys.key("initialize")) or ""
    except EtcdError:
        return None
    return int(text) if text.isdigit() else None


def restore(offer: Offer, stanza: str) -> bool:
    """pgBackRest's part. What it says goes to the log."""
    if not is_running():
        # Of a PostgreSQL that was killed; pgBackRest would take it for a running one.
        POSTMASTER_PID.unlink(missing_ok=True)
    Path(DATA).mkdir(mode=0o700, parents=True, exist_ok=True)
    line = command(
        offer.repository,
        stanza,
        f"--pg1-path={DATA}",
        f"--set={offer.backup.label}",
        "--type=standby",
        "--delta",
        "restore",
    )
    return subprocess.run(line, stdout=sys.stderr, check=False).returncode == 0


def fetch_wal(offer: Offer, stanza: str, first: str) -> int:
    """Everything of the archive from `first` on, into pg_wal. The number of segments.

    At each position the newest timeline that has a segment counts; the history files come along, or
    PostgreSQL would not know how the timelines follow.
    """
    folder = Path(DATA, "pg_wal")
    oldest, number = segments_after(first)
    for timeline in range(2, offer.timeline + 1):
        get(offer.repository, stanza, f"{timeline:08X}.history", folder)
    count = 0
    while shutil.disk_usage(folder).free > SEGMENT_BYTES + ROOM_BYTES:
        for timeline in range(offer.timeline, oldest - 1, -1):
            if get(offer.repository, stanza, segment_name(timeline, number), folder):
                oldest = timeline
                break
        else:
            return count
        number, count = number + 1, count + 1
    raise RepositoryError("the volume has no room for the WAL since the backup")


def get(repository: str, stanza: str, name: str, folder: Path) -> bool:
    """One file of the archive; False when it is not there. RepositoryError for other reasons."""
    line = command(
        repository,
        stanza,
        f"--pg1-path={DATA}",
        # One by one in order: what is fetched ahead would be asked for on the wrong timeline.
        "--no-archive-async",
        "--log-level-console=off",
        "--log-level-stderr=error",
        "archive-get",
        name,
        str(folder / name),
    )
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode not in (0, 1):
        raise RepositoryError(done.stderr.strip()[-300:])
    return done.returncode == 0


def seed(led: bool) -> bool:
    """True when the data directory is a replica's now."""
    stanza = fact("SCOPE")
    offer, why = decide(
        offers(stanza),
        led,
        time.time(),
        identifier(),
        str(files.read(files.SEEDED).get("label") or ""),
        float(os.environ.get("HOLDFAST_SEED_MAX_AGE_SECONDS") or AGE_SECONDS),
        int(os.environ.get("HOLDFAST_SEED_LEAST_BYTES") or LEAST_BYTES),
    )
    if offer is None:
        say(f"from the leader, for {why}" if led else f"nobody leads and {why}")
        return False
    begin = time.monotonic()
    say(f"from backup: {why}{'' if led else '; nobody leads'}")
    if not led:
        unled.begin(os.getppid())
    if not restore(offer, stanza):
        say("pgBackRest did not restore it; its reason is above")
        return False
    count = fetch_wal(offer, stanza, offer.backup.wal_start)
    files.write(files.SEEDED, {"label": offer.backup.label, "at": files.now()})
    say(f"restored in {time.monotonic() - begin:.0f} s, with {count} WAL segments from the archive")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="holdfast-seed")
    parser.add_argument("--connstring", default="")
    arguments, _ = parser.parse_known_args()
    try:
        return 0 if seed(bool(arguments.connstring)) else 1
    except (RepositoryError, OSError, subprocess.TimeoutExpired) as error:
        say(f"not from backup: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
