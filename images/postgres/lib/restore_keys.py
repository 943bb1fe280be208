"""The cluster's own keys in etcd: taken away before a restore, so that the restored database can
found the cluster anew; put back when the restore is called off.

Only Patroni's keys of this cluster, by their names. The members' keys end with their leases, and
Holdfast's own stay.
"""

import json
import time

from etcd_gateway import Etcd, EtcdError, decode, encode
from facts import addresses, key, secret

NAMES = ("initialize", "status", "sync", "history", "failover", "failsafe", "config")
# A member that was killed is in etcd for a lease's time, 20 s by default.
WAIT_SECONDS = 30.0


class KeysFault(Exception):
    """Somebody else lives in this cluster; the text says who."""


def client() -> Etcd:
    return Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))


def members(etcd: Etcd) -> dict[str, dict]:
    """What the members last said of themselves, by name; a dead one for a lease's time."""
    prefix = key("members/")
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    span = {"key": encode(prefix), "range_end": encode(end)}
    found = {}
    for one in etcd.call("/v3/kv/range", span).get("kvs", []):
        found[decode(one["key"])[len(prefix) :]] = _object(decode(one.get("value", "")))
    return found


def strangers(leader: str | None, present: dict[str, dict], ordered: tuple[str, ...]) -> list[str]:
    """Who may run PostgreSQL although not told to stop, in sentences. Pure."""
    found = [f"{leader} leads"] if leader and leader not in ordered else []
    return found + [
        f"{name} is {state.get('state') or 'there'}"
        for name, state in sorted(present.items())
        if name not in ordered and name != leader and state.get("state") != "stopped"
    ]


def initialized(etcd: Etcd) -> bool:
    """A database has been founded: the key holds its system identifier, and not only the wish."""
    found = etcd.get(key("initialize")) or ""
    return found.isdigit() and len(found) >= 10


def save(etcd: Etcd) -> dict[str, str]:
    """The present keys, for `put_back`."""
    found = {name: etcd.get(key(name)) for name in NAMES}
    return {name: value for name, value in found.items() if value is not None}


def wait_alone(etcd: Etcd, ordered: tuple[str, ...], seconds: float = WAIT_SECONDS) -> None:
    """Until nobody but the ordered members is in the cluster. KeysFault after `seconds`."""
    end = time.monotonic() + seconds
    while found := strangers(etcd.get(key("leader")), members(etcd), ordered):
        if time.monotonic() > end:
            raise KeysFault(
                f"not told to stop, and alive: {', '.join(found)}; stop them, or order them as well"
            )
        time.sleep(1)


def clear(etcd: Etcd, ordered: tuple[str, ...]) -> None:
    """Takes the keys away, the leader's last one included if it was an ordered member's.

    In one transaction, which fails when another one has taken the lead meanwhile: KeysFault.
    """
    leader = encode(key("leader"))
    found = etcd.call("/v3/kv/range", {"key": leader}).get("kvs", [])
    if found and decode(found[0].get("value", "")) not in ordered:
        raise KeysFault(f"{decode(found[0].get('value', ''))} leads")
    revision = found[0]["mod_revision"] if found else "0"
    same = {"key": leader, "target": "MOD", "result": "EQUAL", "mod_revision": revision}
    names = (leader, *(encode(key(name)) for name in NAMES))
    gone = [{"request_delete_range": {"key": name}} for name in names]
    answer = etcd.call("/v3/kv/txn", {"compare": [same], "success": gone})
    if not answer.get("succeeded"):
        raise KeysFault("somebody took the lead at this moment")


def put_back(etcd: Etcd, saved: dict[str, str]) -> None:
    """Sets saved keys that are missing, unless somebody leads by now."""
    if etcd.get(key("leader")) is not None:
        return
    if not initialized(etcd):
        etcd.delete(key("initialize"))
    for name, value in saved.items():
        if name != "failover" and etcd.get(key(name)) is None:
            etcd.put(key(name), value)


def leader_is(etcd: Etcd, name: str) -> bool:
    """That member leads a founded cluster. False when etcd does not answer."""
    try:
        return etcd.get(key("leader")) == name and initialized(etcd)
    except EtcdError:
        return False


def somebody_was_here(etcd: Etcd) -> bool:
    """The cluster is founded, or being founded, or led."""
    return etcd.get(key("initialize")) is not None or etcd.get(key("leader")) is not None


def _object(text: str) -> dict:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
