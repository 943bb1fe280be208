"""The judgement of a member's health."""

import unittest

from image_paths import use

folder = use("postgres")
import importlib.util  # noqa: E402

# Loaded by path: other images have a health.py of their own.
spec = importlib.util.spec_from_file_location("postgres_health", folder / "health.py")
assert spec and spec.loader
health = importlib.util.module_from_spec(spec)
spec.loader.exec_module(health)

RUNNING = {"state": "running"}


def healthy(own: dict, standby_cluster: bool = False) -> bool:
    return health.judge({**RUNNING, **own}, standby_cluster)[0]


class Judge(unittest.TestCase):
    def test_leader(self) -> None:
        streaming = {"state": "streaming", "sync_state": "async"}
        quorum = {"state": "streaming", "sync_state": "quorum"}
        self.assertTrue(healthy({"role": "primary"}))
        self.assertFalse(healthy({"role": "primary", "replication": [streaming]}))
        self.assertTrue(healthy({"role": "primary", "replication": [streaming, quorum]}))
        self.assertTrue(healthy({"role": "primary", "replication": [{"state": "backup"}]}))

    def test_asynchronous_clusters_need_no_synchronous_replica(self) -> None:
        own = {"role": "primary", "replication": [{"state": "streaming"}], "synchronous": False}
        self.assertTrue(healthy(own))

    def test_replica(self) -> None:
        replica = {"role": "replica"}
        self.assertFalse(healthy(replica))
        self.assertFalse(healthy({**replica, "replication_state": "in archive recovery"}))
        self.assertFalse(healthy({**replica, "replication_state": "streaming"}))
        joined = {**replica, "replication_state": "streaming", "quorum_standby": True}
        self.assertTrue(healthy(joined))
        self.assertFalse(healthy({**joined, "state": "starting"}))

    def test_one_that_is_to_leave_need_not_be_synchronous(self) -> None:
        tags = {"nofailover": True, "nosync": True}
        leaves = {"role": "replica", "replication_state": "streaming", "tags": tags}
        self.assertTrue(healthy(leaves))
        self.assertFalse(healthy({**leaves, "replication_state": "in archive recovery"}))
        # Patroni's own, around a restart; a full disk.
        self.assertFalse(healthy({**leaves, "tags": {"nosync": True}}))
        self.assertFalse(healthy({**leaves, "tags": {"nofailover": True}}))

    def test_standby_cluster(self) -> None:
        self.assertTrue(healthy({"role": "standby_leader", "replication_state": "streaming"}))
        # Its link may be cut: that is an alert, and no illness of the member.
        self.assertTrue(healthy({"role": "standby_leader"}))
        self.assertFalse(healthy({"role": "standby_leader", "state": "starting"}))
        self.assertTrue(healthy({"role": "replica", "replication_state": "streaming"}, True))


if __name__ == "__main__":
    unittest.main()
