"""A leader whose container was killed lets a replica lead at once.

The new start finds its own leader's key, which lives on for a lease's time, and a PostgreSQL that
was killed: no process of this container is older than this one. Recovering it here takes as long as
its last checkpoint is away; a synchronous replica, which has everything that was acknowledged, leads
within two seconds. So the key is released, as the guard does for a container that does not come
back, unless no synchronous replica is there to take it.
"""

import os
from pathlib import Path

import health
from etcd_gateway import Etcd, EtcdError, decode, encode
from facts import addresses, fact, key, secret

PG_VERSION = Path("/var/lib/postgresql/17/main/PG_VERSION")
# This stands before every start, also of a cold cluster without etcd: a moment, and no more.
ASK_SECONDS = 0.5


def ready_replica(sync: dict, states: dict[str, dict], own: str) -> str | None:
    """A synchronous replica that runs, by its own Patroni's word. Pure.

    Args:
        sync: Patroni's /sync key.
        states: each other member's /patroni answer by name.
    """
    names = [name for name in str(sync.get("sync_standby") or "").split(",") if name]
    for name in names:
        state = states.get(name, {})
        runs = state.get("role") == "replica" and state.get("state") == "running"
        may_lead = not (state.get("tags") or {}).get("nofailover")
        if name != own and runs and may_lead:
            return name
    return None


def replica_ready() -> str | None:
    """The same, asked now. Raises EtcdError."""
    etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"), timeout=ASK_SECONDS)
    sync = as_object(etcd.get(key("sync")))
    return ready_replica(sync, states_of(sync), fact("MEMBER"))


def step_aside() -> str | None:
    """Releases this member's own leader's key if a replica can take it. What was done, in words."""
    if not PG_VERSION.exists():
        return None
    own = fact("MEMBER")
    try:
        etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"), timeout=ASK_SECONDS)
        found = etcd.call("/v3/kv/range", {"key": encode(key("leader"))}).get("kvs", [])
        if not found or decode(found[0].get("value", "")) != own:
            return None
        if etcd.get(key("stopping")) is not None or is_paused(etcd.get(key("config"))):
            return None
        sync = as_object(etcd.get(key("sync")))
        replica = ready_replica(sync, states_of(sync), own)
        if replica is None:
            return None
        if not release(etcd, found[0]):
            return None
    except EtcdError as error:
        return f"the lease is left alone: {error}"
    return f"{own} led when it was killed: lease released, {replica} can lead"


def release(etcd: Etcd, pair: dict) -> bool:
    """Deletes the leader's key if it is still exactly what was read."""
    name = encode(key("leader"))
    unchanged = [
        {"target": "VALUE", "value": pair["value"]},
        {"target": "LEASE", "lease": pair.get("lease", "0")},
        {"target": "MOD", "mod_revision": pair["mod_revision"]},
    ]
    answer = etcd.call(
        "/v3/kv/txn",
        {
            "compare": [{"key": name, "result": "EQUAL", **one} for one in unchanged],
            "success": [{"request_delete_range": {"key": name}}],
        },
    )
    return bool(answer.get("succeeded"))


def states_of(sync: dict) -> dict[str, dict]:
    """What the members named in /sync say of themselves."""
    names = str(sync.get("sync_standby") or "").split(",")
    named = [part.strip().rpartition("=") for part in os.environ.get("HOLDFAST_PEERS", "").split(",")]
    return {
        name: health.as_object(health.get(address, "/patroni", ASK_SECONDS))
        for name, _, address in named
        if name in names
    }


def as_object(text: str | None) -> dict:
    """JSON's object, or an empty one."""
    return health.as_object((text or "").encode())


def is_paused(config: str | None) -> bool:
    """Whether Patroni is told to keep its hands off."""
    return bool(as_object(config).get("pause"))
