"""pg_amcheck over a scratch server: every heap and B-tree, and each row in its indexes."""

from __future__ import annotations

import subprocess

from backup.errors import BackupError

from .scratch import Scratch

SECONDS = 6 * 3600
# 0: nothing found. 2: something found. Others: it could not check.
FOUND = 2


def faults(server: Scratch) -> list[str]:
    """What is wrong, one line for each relation or message; empty when all is well."""
    command = server.client(
        "pg_amcheck",
        "--all",
        "--install-missing",
        "--heapallindexed",
        "--parent-check",
        "--no-password",
    )
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupError(f"pg_amcheck did not end: {error}") from error
    lines = [line.strip() for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
    if answer.returncode == 0:
        return []
    if answer.returncode == FOUND and lines:
        return _joined(answer.stdout) or lines
    raise BackupError(f"pg_amcheck ended with code {answer.returncode}: {' '.join(lines[-3:])}")


def _joined(output: str) -> list[str]:
    """A relation's line together with the indented lines that say what is wrong with it."""
    found: list[str] = []
    for line in output.splitlines():
        if line.startswith((" ", "\t")) and found:
            found[-1] += " " + line.strip()
        elif line.strip():
            found.append(line.strip())
    return found
