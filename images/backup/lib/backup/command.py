"""The command lines: holdfast-backup, holdfast-backups, holdfast-health."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from . import jobs, listing, paths, retention, sums
from .errors import BackupError, Busy, NotReady
from .process import end_children_on_termination
from .settings import load

BUSY_CODE = 75
NOT_READY_CODE = 69
FAILED_CODE = 1
HEARTBEAT_SECONDS = 30
PING_SECONDS = 4


def backup() -> int:
    """holdfast-backup: takes a backup now."""
    parser = argparse.ArgumentParser(
        prog="holdfast-backup",
        description="Takes a backup now. Never beside another run.",
        epilog=f"Exit code {BUSY_CODE}: another run is under way; {NOT_READY_CODE}: no leader yet.",
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--now",
        choices=(*jobs.KINDS, "physical"),
        help="what to take; physical is full or incr, by rotation",
    )
    action.add_argument("--prepare", action="store_true", help="only make the stanza ready")
    action.add_argument(
        "--accept-new-cluster",
        action="store_true",
        help="continue this repository with the cluster that runs now, and take a full backup",
    )
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="for another run")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    arguments = parser.parse_args()
    end_children_on_termination()
    try:
        if arguments.prepare:
            jobs.prepare()
            return 0
        outcome = (
            jobs.accept_new_cluster()
            if arguments.accept_new_cluster
            else jobs.backup(arguments.now, arguments.wait)
        )
    except Busy as error:
        return _failed(error, BUSY_CODE)
    except NotReady as error:
        return _failed(error, NOT_READY_CODE)
    except BackupError as error:
        return _failed(error, FAILED_CODE)
    if arguments.json:
        print(json.dumps({"label": outcome.label, "bytes": outcome.bytes}))
    else:
        print(f"{outcome.label}: {listing.size(outcome.bytes)}")
    return 0


def backups() -> int:
    """holdfast-backups: lists what exists, or checks it."""
    parser = argparse.ArgumentParser(prog="holdfast-backups", description="Lists what exists.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--verify",
        nargs="?",
        const="",
        metavar="LABEL",
        help="compare every file with its sha256 sum (all backups, or LABEL)",
    )
    arguments = parser.parse_args()
    try:
        if arguments.verify is not None:
            return _verify(arguments.verify, arguments.json)
        listed = listing.rows(load(paths.SETTINGS))
    except BackupError as error:
        return _failed(error, FAILED_CODE)
    print(json.dumps(listed) if arguments.json else listing.table(listed))
    return 0


def _verify(label: str, as_json: bool) -> int:
    folders = {
        path.name: (path, paths.REPOSITORY if root == paths.SUMS else path)
        for root in (paths.SUMS, paths.DUMPS)
        if root.is_dir()
        for path in sorted(root.iterdir())
        if not path.name.endswith(retention.PARTIAL)
    }
    if label and label not in folders:
        raise BackupError(f"there is no backup {label}: holdfast-backups lists them")
    chosen = [label] if label else sorted(folders)
    results = {name: sums.check(*folders[name]) for name in chosen}
    faults = [(name, fault) for name, found in results.items() for fault in found]
    if as_json:
        rows = [{"label": name, "file": f.file, "problem": f.problem} for name, f in faults]
        print(json.dumps({"checked": chosen, "faults": rows}))
    else:
        for name, fault in faults:
            print(f"{name}: {fault.file} {fault.problem}")
        print(f"{len(chosen)} checked, {len(faults)} faults")
    return FAILED_CODE if faults else 0


def health() -> int:
    """holdfast-health: the supervisor ticks and pgBackRest's server answers."""
    try:
        age = time.time() - paths.HEARTBEAT.stat().st_mtime
    except OSError:
        print("the supervisor has not started")
        return FAILED_CODE
    if age > HEARTBEAT_SECONDS:
        print(f"the supervisor has been silent for {age:.0f} s")
        return FAILED_CODE
    ping = subprocess.run(
        ["pgbackrest", f"--config={paths.PGBACKREST_CONFIG}", "server-ping", "127.0.0.1"],
        capture_output=True,
        text=True,
        timeout=PING_SECONDS,
        check=False,
    )
    if ping.returncode != 0:
        print(f"pgbackrest server does not answer: {ping.stderr.strip()[-200:]}")
        return FAILED_CODE
    print("healthy")
    return 0


def _failed(error: BackupError, code: int) -> int:
    print(f"holdfast-backup: {error}", file=sys.stderr)
    return code
