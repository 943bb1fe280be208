"""Where the state is kept: this site's etcd, and a file that outlives it; Patroni's configuration."""

import json
import os
from pathlib import Path

from etcd_gateway import Etcd, decode, encode
from sites.patroni_config import changed, differs
from sites.state import State, from_json, to_json

KEY = "/holdfast/site/state"


class Store:
    """One site's. `scope` is Patroni's."""

    def __init__(self, etcd: Etcd, scope: str, site: str, memory: Path) -> None:
        self._etcd, self._scope, self._site, self._memory = etcd, scope, site, memory

    def read(self) -> State | None:
        """etcd's copy, None when it has none. EtcdError when etcd does not answer."""
        return from_json(self._etcd.get(KEY), self._site)

    def remembered(self) -> State | None:
        """The file's copy."""
        try:
            return from_json(self._memory.read_text(), self._site)
        except OSError:
            return None

    def remember(self, state: State) -> None:
        """To the file first: what etcd alone knew is lost with it."""
        part = self._memory.with_suffix(".part")
        with open(part, "w") as file:
            file.write(to_json(state))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._memory)

    def write(self, state: State) -> None:
        """To both. EtcdError when etcd does not answer; the file is right then all the same."""
        self.remember(state)
        self._etcd.put(KEY, to_json(state))

    def _key(self, name: str) -> str:
        return f"/holdfast/{self._scope}/{name}"

    def founded(self) -> bool:
        """Whether this site has a database."""
        return self._etcd.get(self._key("initialize")) is not None

    def leader(self) -> str | None:
        """The member that holds Patroni's lease."""
        return self._etcd.get(self._key("leader"))

    def forks(self) -> list[tuple[int, int]]:
        """(timeline, the position at which it ended), oldest first, from Patroni's history."""
        found = _json(self._etcd.get(self._key("history")))
        return [
            (int(one[0]), int(one[1]))
            for one in (found if isinstance(found, list) else [])
            if isinstance(one, list) and len(one) >= 2
        ]

    def enforce(self, want: dict) -> bool | None:
        """Brings Patroni's configuration there. True when it is so, None while there is none yet.

        In one transaction, so that a change by somebody else is not lost: False, and once more.
        """
        name = encode(self._key("config"))
        pairs = self._etcd.call("/v3/kv/range", {"key": name}).get("kvs", [])
        if not pairs:
            return None
        config = _json(decode(pairs[0].get("value", "")))
        if not isinstance(config, dict):
            return False
        if not differs(config, want):
            return True
        value = encode(json.dumps(changed(config, want), separators=(",", ":")))
        same = {"key": name, "target": "MOD", "result": "EQUAL",
                "mod_revision": pairs[0]["mod_revision"]}  # fmt: skip
        put = {"request_put": {"key": name, "value": value}}
        answer = self._etcd.call("/v3/kv/txn", {"compare": [same], "success": [put]})
        return bool(answer.get("succeeded"))


def _json(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except ValueError:
        return None
