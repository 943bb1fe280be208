"""pgBackRest's options for how far to recover. Pure."""

from __future__ import annotations

import datetime

from backup.errors import BackupError

from .types import Target


def target_options(target: Target) -> list[str]:
    """pgBackRest's options for a recovery target. Pure; raises BackupError for a time it is not."""
    timeline = f"--target-timeline={target.timeline}"
    if target.kind == "latest":
        return ["--type=default", timeline]
    options = [f"--type={target.kind}", f"--target-action={target.action}", timeline]
    if target.kind == "time":
        options.append(f"--target={_timestamp(target.value)}")
    if target.kind == "lsn":
        # The LSN is the end of the last record wanted; inclusive would replay the one after it.
        options += [f"--target={target.value}", "--target-exclusive"]
    return options


def _timestamp(text: str) -> str:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise BackupError(f"{text!r} is not a time: 2026-11-25T12:30:00Z") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    utc = moment.astimezone(datetime.timezone.utc)
    return utc.strftime("%Y-%m-%d %H:%M:%S.%f+00")
