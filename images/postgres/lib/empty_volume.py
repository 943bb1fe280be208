"""A new member on a volume that an earlier one left starts empty.

What is there is removed, and only when another member leads: in a site that has just lost all
else, what a member left may be the last copy, and no start may remove that. Until then this member
waits and says so.
"""

import time
from collections.abc import Callable
from pathlib import Path

import leaving
import restore_files as files
import restore_keys as keys
from etcd_gateway import EtcdError
from facts import fact

PAUSE_SECONDS = 1.0


def verdict(own: str, leader: str | None, founded: bool) -> str:
    """Why the old data stays for now; empty when it may go. Pure.

    Args:
        leader: who holds the leader's key.
        founded: the cluster has a database.
    """
    if leader is None:
        return "nobody leads"
    if leader == own:
        return f"{own} itself holds the leader's key"
    return "" if founded else "the cluster has no database yet"


def made_empty(
    interrupted: Callable[[], bool],
    log: Callable[[str], None],
    volume: Path = leaving.VOLUME,
    token: Path = leaving.TOKEN,
) -> bool:
    """Until nothing of an earlier member is left; False when it was interrupted.

    Args:
        interrupted: true when an order to restore came or the container stops.
    """
    said = ""
    while leaving.has_left(volume, token):
        if interrupted():
            return False
        if not leaving.contents(volume):
            # A wipe that was interrupted; nothing to be careful with.
            leaving.wipe(volume)
            return True
        reason = _reason()
        if not reason:
            since = leaving.mark(volume).get("at", "an unknown time")
            log(f"what an earlier member left here at {since} is removed: starting empty")
            leaving.wipe(volume)
            return True
        text = f"what an earlier member left here is removed once another one leads: {reason}"
        if text != said:
            said = text
            log(text)
            files.write_phase("waiting", text)
        time.sleep(PAUSE_SECONDS)
    return True


def _reason() -> str:
    try:
        etcd = keys.client()
        return verdict(fact("MEMBER"), etcd.get(keys.key("leader")), keys.initialized(etcd))
    except EtcdError as error:
        return f"etcd: {error}"
