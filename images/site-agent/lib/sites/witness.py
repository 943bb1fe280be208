"""The lease at the witness, and the highest epoch that was ever given out there."""

import json

from etcd_gateway import Etcd, EtcdError, decode, encode
from sites.rules import LEASE_SECONDS, Seen

LEASE = "/holdfast/witness/lease"
EPOCH = "/holdfast/witness/epoch"


class Witness:
    """One site's use of it. Every method raises EtcdError when it does not answer."""

    def __init__(self, etcd: Etcd, site: str) -> None:
        self._etcd, self._site = etcd, site
        self._lease: str | None = None

    def look(self) -> Seen:
        """Both keys at one revision."""
        seen, _ = self._read()
        return seen

    def acquire(self, epoch: int, known: int | None = None) -> bool:
        """Takes the lease with this epoch. False when another site has it, or knows a higher epoch.

        Args:
            known: the epoch that the witness has to know at this very moment. None: any that is not higher.
        """
        seen, revision = self._read()
        if seen.epoch > epoch or seen.holder not in (None, self._site):
            return False
        if known is not None and seen.epoch != known:
            return False
        lease = self._etcd.grant_lease(LEASE_SECONDS)
        name = encode(LEASE)
        value = encode(json.dumps({"site": self._site, "epoch": epoch}))
        unchanged = [
            {"key": encode(EPOCH), "target": "MOD", "result": "EQUAL", "mod_revision": revision[1]},
            {"key": name, "target": "MOD", "result": "EQUAL", "mod_revision": revision[0]},
        ]
        puts = [
            {"request_put": {"key": name, "value": value, "lease": lease}},
            {"request_put": {"key": encode(EPOCH), "value": encode(str(epoch))}},
        ]
        answer = self._etcd.call("/v3/kv/txn", {"compare": unchanged, "success": puts})
        if not answer.get("succeeded"):
            self._etcd.revoke_lease(lease)
            return False
        old, self._lease = self._lease, lease
        if old is not None:
            # The key is the new lease's by now, so this takes nothing away.
            self._forget(old)
        return True

    def renew(self, epoch: int) -> bool:
        """Keeps the lease; takes it anew where the witness has lost it and nobody else has taken it.

        Only while it runs by this site's own clock (rules.keeps_lease).
        """
        if self._lease is not None and self._etcd.renew_lease(self._lease):
            return True
        self._lease = None
        return self.acquire(epoch)

    def release(self) -> None:
        """Gives the lease back, if this site has it."""
        seen, _ = self._read()
        self._lease = None
        if seen.holder == self._site:
            value = {"key": encode(LEASE), "target": "MOD", "result": "EQUAL"}
            _, revision = self._read()
            value["mod_revision"] = revision[0]
            delete = {"request_delete_range": {"key": encode(LEASE)}}
            self._etcd.call("/v3/kv/txn", {"compare": [value], "success": [delete]})

    def _forget(self, lease: str) -> None:
        try:
            self._etcd.revoke_lease(lease)
        except EtcdError:
            return  # it ends by itself

    def _read(self) -> tuple[Seen, tuple[str, str]]:
        keys = [{"request_range": {"key": encode(key)}} for key in (LEASE, EPOCH)]
        answer = self._etcd.call("/v3/kv/txn", {"success": keys})
        lease, epoch = (one["response_range"].get("kvs", []) for one in answer["responses"])
        seen = Seen(_number(_value(epoch)), _holder(_value(lease)))
        return seen, (_revision(lease), _revision(epoch))


def _value(pairs: list) -> str:
    return decode(pairs[0].get("value", "")) if pairs else ""


def _revision(pairs: list) -> str:
    return pairs[0]["mod_revision"] if pairs else "0"


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _holder(text: str) -> str | None:
    """A value that nobody here wrote still means that somebody holds it."""
    if not text:
        return None
    try:
        return str(json.loads(text)["site"])
    except (ValueError, KeyError, TypeError):
        return "unknown"
