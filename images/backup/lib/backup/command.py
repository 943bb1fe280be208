"""The command lines: holdfast-backup, holdfast-backups, holdfast-health."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys

from engine import pgbackrest_config

from . import jobs, listing, paths, pulse, verification
from .errors import BackupError, Busy, NotReady
from .process import end_children_on_termination
from .settings import load

BUSY_CODE = 75
NOT_READY_CODE = 69
FAILED_CODE = 1
PING_SECONDS = 4
REPOSITORIES = ("local", "cloud", jobs.ALL)
SOURCE_FOLDER = paths.REPOSITORY / "source"


def backup() -> int:
    """holdfast-backup: takes a backup now."""
    arguments = _backup_parser().parse_args()
    end_children_on_termination()
    try:
        return _act(arguments)
    except Busy as error:
        return _failed(error, BUSY_CODE)
    except NotReady as error:
        return _failed(error, NOT_READY_CODE)
    except BackupError as error:
        return _failed(error, FAILED_CODE)


def _backup_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="holdfast-backup",
        description="Takes a backup now. Never beside another run.",
        epilog=f"Exit code {BUSY_CODE}: another run is under way; {NOT_READY_CODE}: no leader yet.",
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--now",
        choices=(*jobs.KINDS, "physical"),
        help="what to take; physical is full or diff, by rotation",
    )
    action.add_argument("--prepare", action="store_true", help="only make the stanzas ready")
    action.add_argument(
        "--accept-new-cluster",
        action="store_true",
        help="continue the repositories with the cluster that runs now, and take full backups",
    )
    action.add_argument(
        "--make-room",
        action="store_true",
        help="while the volume is full, expire the oldest local backups that the cloud holds",
    )
    action.add_argument(
        "--source",
        action="store_true",
        help="read another stack's repository, described as JSON on standard input, as `source`",
    )
    action.add_argument("--forget-source", action="store_true", help="the end of that")
    parser.add_argument(
        "--repository", choices=REPOSITORIES, default=jobs.ALL, help="default: all there are"
    )
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="for another run")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _act(arguments: argparse.Namespace) -> int:
    if arguments.source:
        return _source()
    if arguments.forget_source:
        pgbackrest_config.forget_source()
        shutil.rmtree(SOURCE_FOLDER, ignore_errors=True)
        return 0
    if arguments.prepare:
        jobs.prepare(arguments.repository)
        return 0
    if arguments.make_room:
        gone = jobs.make_room()
        print(f"expired: {', '.join(gone) or 'nothing'}")
        return 0
    results = (
        jobs.accept_new_cluster(arguments.repository)
        if arguments.accept_new_cluster
        else jobs.backup(arguments.now, arguments.repository, arguments.wait)
    )
    if arguments.json:
        print(json.dumps({"runs": [vars(result) for result in results]}))
    for result in results:
        name = f"{result.repository} {result.kind}"
        if result.error:
            print(f"holdfast-backup: {name}: {result.error}", file=sys.stderr)
        elif not arguments.json:
            print(f"{name}: {result.label}, {listing.size(result.bytes)}")
    return FAILED_CODE if any(result.error for result in results) else 0


def _source() -> int:
    try:
        order = json.load(sys.stdin)
    except ValueError as error:
        raise BackupError(f"standard input is not JSON: {error}") from error
    if not isinstance(order, dict):
        raise BackupError("standard input is not a JSON object")
    print(pgbackrest_config.write_source(order))
    return 0


def backups() -> int:
    """holdfast-backups: lists what exists, or checks it."""
    parser = argparse.ArgumentParser(prog="holdfast-backups", description="Lists what exists.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--report",
        action="store_true",
        help="print rows and the state of each repository as JSON",
    )
    parser.add_argument(
        "--verify",
        nargs="?",
        const="",
        metavar="LABEL",
        help="read the backups (all, or LABEL) and compare them with their checksums",
    )
    parser.add_argument(
        "--repository", choices=REPOSITORIES, default=jobs.ALL, help="what to verify"
    )
    arguments = parser.parse_args()
    try:
        if arguments.verify is not None:
            return _verify(arguments.verify, arguments.repository, arguments.json)
        # Not at the top: holdfast-backup needs none of it.
        from report.show import show

        return show(load(paths.SETTINGS), as_json=arguments.json, whole=arguments.report)
    except BackupError as error:
        return _failed(error, FAILED_CODE)


def _verify(label: str, repository: str, as_json: bool) -> int:
    result = verification.verify(load(paths.SETTINGS), repository, label)
    if as_json:
        faults = [vars(finding) for finding in result.found]
        print(json.dumps({"checked": result.checked, "faults": faults}))
    else:
        for finding in result.found:
            where = f"{finding.repository} {finding.label}".strip()
            print(f"{where}: {finding.file} {finding.problem}")
        print(f"{len(result.checked)} checked, {len(result.found)} faults")
    return FAILED_CODE if result.found else 0


def health() -> int:
    """holdfast-health: the supervisor ticks and pgBackRest's server answers."""
    if wrong := pulse.fault():
        print(wrong)
        return FAILED_CODE
    config = pgbackrest_config.path_of("local")
    ping = subprocess.run(
        ["pgbackrest", f"--config={config}", "server-ping", "127.0.0.1"],
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
