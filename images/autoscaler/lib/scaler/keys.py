"""What the autoscaler keeps and reads in etcd: the pin, the deploy lease; who leads, whether the
stack goes down. Run-time data (M26): Pulumi knows nothing of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from etcd_gateway import Etcd, decode, encode


@dataclass(frozen=True)
class RunData:
    """pinned: instances, None for automatic. deploying: an `up` is at work. leader: the database
    member that leads, "" for none. stopping: the stack is being taken down."""

    pinned: int | None = None
    deploying: bool = False
    leader: str = ""
    stopping: bool = False


class Keys:
    """The keys of one cluster. `scope` is Patroni's, e.g. `dev-a`."""

    def __init__(self, etcd: Etcd, scope: str) -> None:
        self._etcd = etcd
        self._pin = f"/holdfast/autoscaler/{scope}/pin"
        self._deploy = f"/holdfast/autoscaler/{scope}/deploy"
        self._leader = f"/holdfast/{scope}/leader"
        self._stopping = f"/holdfast/{scope}/stopping"

    def read(self) -> RunData:
        """All of it at one revision, by a linearizable read."""
        keys = (self._pin, self._deploy, self._leader, self._stopping)
        answer = self._etcd.call(
            "/v3/kv/txn", {"success": [{"request_range": {"key": encode(key)}} for key in keys]}
        )
        pin, deploy, leader, stopping = (_value(one) for one in answer["responses"])
        return RunData(
            pinned=None if pin is None else _pinned(pin),
            deploying=deploy is not None,
            leader=leader or "",
            stopping=stopping is not None,
        )

    def pin(self, instances: int) -> None:
        """Until it is unpinned: it outlives containers, and is lost with all of etcd's data."""
        self._etcd.put(self._pin, json.dumps({"instances": instances}))

    def unpin(self) -> None:
        self._etcd.delete(self._pin)

    def deploy(self, seconds: int) -> None:
        """The lease ends by itself: a launcher that was killed holds nothing up for longer."""
        self._etcd.put(self._deploy, "up", self._etcd.grant_lease(seconds))

    def deployed(self) -> None:
        self._etcd.delete(self._deploy)


def _value(response: Mapping) -> str | None:
    pairs = response["response_range"].get("kvs", [])
    return decode(pairs[0].get("value", "")) if pairs else None


def _pinned(text: str) -> int | None:
    """A value that nobody wrote here pins nothing."""
    try:
        instances = json.loads(text)["instances"]
    except (ValueError, KeyError, TypeError):
        return None
    return instances if isinstance(instances, int) and not isinstance(instances, bool) else None
