"""Reads what `pgbackrest verify` says. Pure.

Its exit code is 0 whatever it found, and it says nothing at all of a backup without a manifest
while the archive is whole: so every backup that is expected must be said to be valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .types import Fault

_FILE = re.compile(
    r" P\d\d\s+(?:INFO|WARN|ERROR): "
    r"(?:\[\d+\]: )?(invalid \w+|file missing|missing file|\w+ missing) '?([^\s':]+)'?(?:: (.*))?$"
)
_ARCHIVE = re.compile(
    r"^\s+archiveId: (\S+), total WAL checked: (\d+), total valid WAL: (\d+)$", re.MULTILINE
)
_BACKUP = re.compile(
    r"^\s+backup: (\S+), status: ([^,]+), total files checked: (\d+), total valid files: (\d+)$",
    re.MULTILINE,
)
_STATUS = re.compile(r"^status: (\w+)$", re.MULTILINE)


def faults(output: str, expected: Iterable[str]) -> list[Fault]:
    """What is wrong, from the output of --output=text --verbose --log-level-console=info.

    `expected`: labels of the backups that must have been verified.
    """
    found = [
        Fault(match[2], match[1] + (f": {match[3]}" if match[3] else ""))
        for line in output.splitlines()
        if (match := _FILE.search(line))
    ]
    for archive, total, valid in _ARCHIVE.findall(_result(output)):
        if total != valid:
            count = int(total) - int(valid)
            found.append(Fault(f"archive/{archive}", f"{count} of {total} segments are not valid"))
    said: dict[str, str] = {}
    for label, status, total, valid in _BACKUP.findall(_result(output)):
        said[label] = status
        if status != "valid":
            problem = f"is {status}: {valid} of {total} files are valid"
            found.append(Fault(f"backup/{label}", problem))
    for label in expected:
        if label not in said:
            found.append(Fault(f"backup/{label}", "pgbackrest verify did not find it"))
    status = _STATUS.search(_result(output))
    if not found and (status is None or status[1] != "ok"):
        rest = " ".join(_result(output).split()) or "pgbackrest verify said nothing"
        found.append(Fault("repository", rest[:300]))
    return found


def unread(output: str) -> list[str]:
    """What pgBackRest says of files that it could not read, whatever the reason."""
    return [line for line in output.splitlines() if "INFO: invalid result " in line]


def _result(output: str) -> str:
    """The report proper, which the log before it says as well, in its own form."""
    lines = output.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("stanza:")), len(lines))
    return "\n".join(lines[start:])
