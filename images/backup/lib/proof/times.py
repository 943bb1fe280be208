"""Times as text and as seconds since the epoch, always UTC."""

from __future__ import annotations

import datetime
import time

from .checks import Refused


def iso(seconds: float) -> str:
    """To the second: 2026-11-25T12:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds(text: str) -> float:
    """The instant of an ISO time; one without an offset is UTC. Raises Refused."""
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(f"{text!r} is not a time: give one like 2026-11-25T12:00:00Z") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()


def stamp(seconds: float) -> str:
    """As in file names: 20261125T120000Z."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def target(seconds: float) -> str:
    """As recovery_target_time takes it, to the microsecond."""
    whole = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1_000_000):06d}+00"
