"""The lock in etcd: held, waited for, given up."""

import unittest

import image_paths

image_paths.use("postgres")

import lock as lock_module  # noqa: E402
from lock import Lock, LockHeld  # noqa: E402


class FakeEtcd:
    """One key. `free_after`: how many tries the other holder lasts."""

    hosts, user, password, timeout = [], "", "", 1.0

    def __init__(self, free_after: int) -> None:
        self.free_after = free_after
        self.granted: list[str] = []
        self.revoked: list[str] = []

    def grant_lease(self, seconds: int) -> str:
        self.granted.append(f"lease-{len(self.granted)}")
        return self.granted[-1]

    def create(self, key: str, value: str, lease: str) -> str | None:
        self.free_after -= 1
        return None if self.free_after < 0 else "somebody else"

    def revoke_lease(self, lease: str) -> None:
        self.revoked.append(lease)


class Locks(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(setattr, lock_module, "POLL_SECONDS", lock_module.POLL_SECONDS)
        lock_module.POLL_SECONDS = 0.01

    def test_a_held_lock_is_refused_with_its_holder(self) -> None:
        etcd = FakeEtcd(free_after=99)
        with self.assertRaisesRegex(LockHeld, "somebody else"):
            Lock(etcd, "k", "me").__enter__()
        self.assertEqual(etcd.revoked, etcd.granted)

    def test_patience_waits_for_the_holder(self) -> None:
        etcd = FakeEtcd(free_after=3)
        with Lock(etcd, "k", "me", patience=5.0) as held:
            self.assertEqual(etcd.revoked, etcd.granted[:-1])
            self.assertEqual(held.lease, etcd.granted[-1])
        self.assertEqual(etcd.revoked, etcd.granted)

    def test_patience_ends(self) -> None:
        with self.assertRaises(LockHeld):
            Lock(FakeEtcd(free_after=10_000), "k", "me", patience=0.05).__enter__()


if __name__ == "__main__":
    unittest.main()
