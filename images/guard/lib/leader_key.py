"""The leader's key in etcd: read with the marks that matter, and released in one transaction."""

import json
from typing import Any

from decide import Cluster, Key, Release
from etcd_gateway import Etcd, decode, encode


class LeaderKey:
    """Patroni's keys of one cluster. `scope` is Patroni's, e.g. `dev-a`."""

    def __init__(self, etcd: Etcd, scope: str) -> None:
        self._etcd = etcd
        self._leader = encode(f"/holdfast/{scope}/leader")
        self._stopping = encode(f"/holdfast/{scope}/stopping")
        self._config = encode(f"/holdfast/{scope}/config")
        self._members = f"/holdfast/{scope}/members/"

    def read(self) -> Cluster:
        """All of it at one revision, by a linearizable read."""
        keys = (self._leader, self._stopping, self._config)
        answer = self._etcd.call(
            "/v3/kv/txn", {"success": [{"request_range": {"key": key}} for key in keys]}
        )
        leader, stopping, config = (_pair(response) for response in answer["responses"])
        return Cluster(
            leader=None if leader is None else _key(leader),
            stopping=stopping is not None,
            paused=config is not None and _is_paused(config),
            config_revision="0" if config is None else config["mod_revision"],
        )

    def release(self, release: Release) -> bool:
        """Deletes the key if nothing has changed since it was read. False when something has.

        The dead member's own key goes with it: those who want to lead would first ask it how far it
        is, and wait 2 s for an answer. A member that lives writes its key anew.
        """
        key = release.key
        unchanged = [
            {"target": "VALUE", "value": encode(key.value)},
            {"target": "LEASE", "lease": key.lease},
            {"target": "MOD", "mod_revision": key.mod_revision},
        ]
        answer = self._etcd.call(
            "/v3/kv/txn",
            {
                "compare": [
                    *({"key": self._leader, "result": "EQUAL", **one} for one in unchanged),
                    # Still not stopping, and the configuration (so the pause) is the one read.
                    {"key": self._stopping, "result": "EQUAL", "target": "VERSION", "version": "0"},
                    {
                        "key": self._config,
                        "result": "EQUAL",
                        "target": "MOD",
                        "mod_revision": release.cluster.config_revision,
                    },
                ],
                "success": [
                    {"request_delete_range": {"key": self._leader}},
                    {"request_delete_range": {"key": encode(self._members + key.value)}},
                ],
            },
        )
        return bool(answer.get("succeeded"))


def _pair(response: dict[str, Any]) -> dict[str, Any] | None:
    pairs = response["response_range"].get("kvs", [])
    return pairs[0] if pairs else None


def _key(pair: dict[str, Any]) -> Key:
    # The gateway leaves out what is zero: a key without a lease is nobody's session.
    return Key(decode(pair.get("value", "")), pair.get("lease", "0"), pair["mod_revision"])


def _is_paused(pair: dict[str, Any]) -> bool:
    """Whether Patroni's dynamic configuration says `pause`; unreadable counts as paused."""
    try:
        return bool(json.loads(decode(pair.get("value", ""))).get("pause", False))
    except (ValueError, AttributeError):
        return True
