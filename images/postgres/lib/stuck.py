"""Notices a Patroni that refuses an etcd which answers, so that it can be started anew.

Patroni remembers etcd's raft term and refuses a lower one. When all etcd members lost their data
(M18), the new cluster has the same id (same token, same addresses) and begins at a low term: every
Patroni would refuse it for good. A new Patroni process adopts the running PostgreSQL as it is.
"""

import sys
import threading
import time
from collections.abc import Callable

from etcd_gateway import Etcd, EtcdError
from facts import addresses, key, secret
from patroni_api import PatroniError, own_status

# Longer than any lease (ttl), so that ordinary trouble is over by then. Seconds.
SILENT_SECONDS = 30.0
CHECK_SECONDS = 5.0
STRIKES = 3


def is_stuck(own: dict, now: float, etcd_answers: bool, leader_known: bool) -> bool:
    """Whether Patroni should be started anew. Pure.

    A replica waits until the leader is back in etcd: in an empty one it could take the lead without
    having all that was acknowledged.
    """
    silent = now - float(own.get("dcs_last_seen") or now) > SILENT_SECONDS
    return etcd_answers and silent and (own.get("role") == "primary" or leader_known)


def look() -> bool:
    """One look at Patroni and etcd."""
    try:
        own = own_status()
    except PatroniError:
        return False
    if time.time() - float(own.get("dcs_last_seen") or 0) <= SILENT_SECONDS:
        return False
    try:
        etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
        leader = etcd.get(key("leader"))
    except EtcdError:
        return False
    return is_stuck(own, time.time(), True, leader is not None)


def watch(act: Callable[[], None]) -> None:
    """Looks for ever in a thread of its own; `act` is called after several looks said stuck."""

    def run() -> None:
        strikes = 0
        while True:
            time.sleep(CHECK_SECONDS)
            try:
                strikes = strikes + 1 if look() else 0
            except (Exception, SystemExit) as error:  # noqa: BLE001 - this thread must never end
                strikes = 0
                print(f"holdfast-supervise: looking at Patroni: {error!r}", file=sys.stderr)
            if strikes >= STRIKES:
                strikes = 0
                act()

    threading.Thread(target=run, daemon=True).start()
