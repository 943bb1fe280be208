"""Which keys a restore takes away from etcd, and when it must not."""

import json
import os
import unittest
from unittest import mock

from image_paths import use

use("postgres")
import restore_keys as keys  # noqa: E402
from etcd_gateway import decode, encode  # noqa: E402

SCOPE = "/holdfast/dev-a/"


class FakeEtcd:
    """Keys by name, with the transactions and ranges that restore_keys uses."""

    def __init__(self, **content: str) -> None:
        self.keys = {SCOPE + name.replace("__", "/"): value for name, value in content.items()}
        self.revision = 7
        self.before_transaction = lambda: None

    def get(self, name: str):
        return self.keys.get(name)

    def put(self, name: str, value: str) -> None:
        self.keys[name] = value

    def delete(self, name: str) -> None:
        self.keys.pop(name, None)

    def call(self, path: str, body: dict) -> dict:
        if path == "/v3/kv/range":
            first, end = decode(body["key"]), decode(body.get("range_end", ""))
            names = [n for n in sorted(self.keys) if (first <= n < end if end else n == first)]
            return {"kvs": [self.pair(name) for name in names]}
        self.before_transaction()
        compare = body["compare"][0]
        present = self.keys.get(decode(compare["key"]))
        revision = "0" if present is None else str(self.revision)
        if revision != compare["mod_revision"]:
            return {"succeeded": False}
        for one in body["success"]:
            self.delete(decode(one["request_delete_range"]["key"]))
        return {"succeeded": True}

    def pair(self, name: str) -> dict:
        value = encode(self.keys[name])
        return {"key": encode(name), "value": value, "mod_revision": str(self.revision)}


def cluster() -> FakeEtcd:
    etcd = FakeEtcd(
        initialize="7712095336474087456",
        leader="postgres-1",
        status="{}",
        sync="{}",
        history="[]",
        config="{}",
        failsafe="{}",
        stopping="x",
    )
    etcd.keys[SCOPE + "members/postgres-1"] = json.dumps({"state": "stopped"})
    etcd.keys["/holdfast/dev-b/initialize"] = "another cluster"
    return etcd


@mock.patch.dict(os.environ, {"HOLDFAST_SCOPE": "dev-a"})
class Clear(unittest.TestCase):
    def test_only_patronis_keys_of_this_cluster_go(self):
        etcd = cluster()
        keys.clear(etcd, ("postgres-1",))
        left = {SCOPE + "stopping", SCOPE + "members/postgres-1", "/holdfast/dev-b/initialize"}
        self.assertEqual(set(etcd.keys), left)

    def test_a_leader_without_the_order_keeps_everything(self):
        etcd = cluster()
        with self.assertRaisesRegex(keys.KeysFault, "postgres-1 leads"):
            keys.clear(etcd, ("postgres-2",))
        self.assertIn(SCOPE + "initialize", etcd.keys)

    def test_somebody_who_takes_the_lead_at_that_moment_keeps_everything(self):
        etcd = cluster()
        etcd.delete(SCOPE + "leader")
        etcd.before_transaction = lambda: etcd.put(SCOPE + "leader", "postgres-3")
        with self.assertRaises(keys.KeysFault):
            keys.clear(etcd, ("postgres-1",))
        self.assertIn(SCOPE + "config", etcd.keys)


@mock.patch.dict(os.environ, {"HOLDFAST_SCOPE": "dev-a"})
class PutBack(unittest.TestCase):
    def test_what_was_taken_away_is_there_again(self):
        etcd = cluster()
        saved = keys.save(etcd)
        keys.clear(etcd, ("postgres-1",))
        # A bootstrap that did not end leaves the mere wish.
        etcd.put(SCOPE + "initialize", "")
        keys.put_back(etcd, saved)
        self.assertEqual(etcd.get(SCOPE + "initialize"), "7712095336474087456")
        self.assertEqual(etcd.get(SCOPE + "sync"), "{}")
        self.assertIsNone(etcd.get(SCOPE + "leader"))

    def test_not_over_somebody_who_leads(self):
        etcd = cluster()
        saved = keys.save(etcd)
        etcd.delete(SCOPE + "sync")
        keys.put_back(etcd, saved)
        self.assertIsNone(etcd.get(SCOPE + "sync"))


class Strangers(unittest.TestCase):
    def test_a_leader_and_members_that_were_not_told(self):
        present = {"postgres-2": {"state": "running"}, "postgres-3": {"state": "running"}}
        found = keys.strangers("postgres-3", present, ("postgres-1",))
        self.assertEqual(found, ["postgres-3 leads", "postgres-2 is running"])

    def test_who_has_stopped_or_was_told_is_none(self):
        present = {"postgres-1": {"state": "running"}, "postgres-2": {"state": "stopped"}}
        self.assertEqual(keys.strangers("postgres-1", present, ("postgres-1",)), [])

    @mock.patch.dict(os.environ, {"HOLDFAST_SCOPE": "dev-a"})
    def test_nothing_begins_while_one_is_there(self):
        etcd = cluster()
        with self.assertRaisesRegex(keys.KeysFault, "alive: postgres-1 leads"):
            keys.wait_alone(etcd, ("postgres-2",), seconds=0)
        keys.wait_alone(etcd, ("postgres-1",), seconds=0)


if __name__ == "__main__":
    unittest.main()
