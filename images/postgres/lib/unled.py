"""A member made from a backup while nobody led must not lead before it has streamed.

It may lack what was acknowledged after that backup's last WAL, and its name may still be in /sync
from before. So it is tagged `nofailover` until it streams from a leader.
"""

import os
import signal
import time
from collections.abc import Callable

import restore_files as files
from compose import tag_unled
from patroni_api import PatroniError, own_status
from patroni_process import PatroniProcess

LOOK_SECONDS = 2.0
_due = 0.0


def begin(patroni_pid: int) -> None:
    """Before the restore, from Patroni's child: the tag is in force when PostgreSQL starts."""
    files.write_text(files.UNLED, files.now())
    tag_unled(True)
    os.kill(patroni_pid, signal.SIGHUP)


def forget() -> None:
    """The data goes, and the reason with it."""
    files.remove(files.UNLED)
    tag_unled(False)


def look(patroni: PatroniProcess, log: Callable[[str], None]) -> None:
    """Takes the tag away once this member streams."""
    global _due
    if not files.exists(files.UNLED) or time.monotonic() < _due:
        return
    _due = time.monotonic() + LOOK_SECONDS
    try:
        streams = own_status().get("replication_state") == "streaming"
    except PatroniError:
        return
    if streams:
        forget()
        patroni.signal(signal.SIGHUP)
        log("this member streams: it may lead again")
