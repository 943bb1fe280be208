"""The command lines: holdfast-restore-drill, holdfast-restore-drill-health."""

from __future__ import annotations

import argparse
import json
import signal
import sys

from backup import paths, pulse
from backup.errors import BackupError, Busy, NotReady
from backup.process import end_children_on_termination
from backup.settings import load

from . import drill as drills
from . import record, rotation, times
from .checks import Refused
from .workspace import step_back

FAILED_CODE = 1
REFUSED_CODE = 2
NOT_READY_CODE = 69
BUSY_CODE = 75
# The supervisor ticks every 2 s; a tick reads records and may wait for a disk.


def drill() -> int:
    """holdfast-restore-drill: restores a backup into a scratch server and proves it."""
    parser = argparse.ArgumentParser(
        prog="holdfast-restore-drill",
        description="Restores a backup into a scratch server and proves that it is right.",
        epilog=f"Exit code 0: proven; {FAILED_CODE}: not proven; {REFUSED_CODE}: cannot be asked "
        f"for; {NOT_READY_CODE}: no backup yet; {BUSY_CODE}: another drill is under way.",
    )
    parser.add_argument("--repository", help="local or cloud; by default the oldest proof's")
    parser.add_argument("--kind", choices=rotation.KINDS, help="by default the oldest proof's")
    parser.add_argument("--to", metavar="TIME", help="recover to this time, e.g. 2026-11-25T12:00Z")
    parser.add_argument(
        "--wait", type=float, default=0, metavar="SECONDS", help="for another drill"
    )
    parser.add_argument("--json", action="store_true", help="print the record as JSON")
    parser.add_argument(
        "--check-records", action="store_true", help="only check every record's signature"
    )
    arguments = parser.parse_args()
    # A scratch server must not outlive its drill: SIGTERM unwinds like an error.
    end_children_on_termination()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        if arguments.check_records:
            return _check_records(arguments.json)
        to = None if arguments.to is None else times.seconds(arguments.to)
        settings = load(paths.SETTINGS)
        repository, kind = drills.choose(settings, arguments.repository, arguments.kind)
        step_back()
        body = drills.run(repository, kind, to, arguments.wait)
    except Busy as error:
        return _failed(error, BUSY_CODE)
    except NotReady as error:
        return _failed(error, NOT_READY_CODE)
    except Refused as error:
        return _failed(error, REFUSED_CODE)
    except BackupError as error:
        return _failed(error, FAILED_CODE)
    print(json.dumps(body) if arguments.json else _summary(body))
    return 0 if body["passed"] else FAILED_CODE


def _summary(body: record.Record) -> str:
    lines = [f"{body['repository']} {body['kind']} {body['label']}"]
    words = {True: "passed", False: "FAILED", None: "not checked"}
    lines += [f"  {words[c['passed']]:<12}{c['name']}: {c['detail']}" for c in body["checks"]]
    if body["rtoSeconds"] is not None:
        lines.append(f"  ready to write after {body['rtoSeconds']} s")
    if body["rpoSeconds"] is not None:
        lines.append(f"  {body['rpoSeconds']} s would have been lost")
    lines.append("proven" if body["passed"] else f"NOT PROVEN: {body['error']}")
    return "\n".join(lines)


def _check_records(as_json: bool) -> int:
    checked = sorted(paths.RECORDS.glob("*.json"))
    wrong = {path.name: found for path in checked if (found := record.faults(path))}
    if as_json:
        print(json.dumps({"checked": len(checked), "faults": wrong}))
    else:
        for name, found in wrong.items():
            print(f"{name}: {'; '.join(found)}")
        print(f"{len(checked)} records checked, {len(wrong)} not to be believed")
    return FAILED_CODE if wrong else 0


def health() -> int:
    """holdfast-restore-drill-health: the supervisor ticks."""
    if wrong := pulse.fault():
        print(wrong)
        return FAILED_CODE
    print("healthy")
    return 0


def _failed(error: BackupError, code: int) -> int:
    print(f"holdfast-restore-drill: {error}", file=sys.stderr)
    return code
