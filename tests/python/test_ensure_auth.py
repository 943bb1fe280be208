"""Closing etcd: what is granted already is not granted again."""

import unittest

from image_paths import use

use("etcd")
from ensure_auth import ensure_roles, grant  # noqa: E402


class FakeEtcd:
    """Roles and their rights as etcd's gateway shows them: a zero value is left out."""

    def __init__(self) -> None:
        self.roles: dict[str, list[dict]] = {}
        self.grants = 0

    def call(self, path: str, body: dict) -> dict:
        if path == "/v3/auth/role/add":
            self.roles.setdefault(body["name"], [])
        elif path == "/v3/auth/role/grant":
            self.grants += 1
            kept = {k: v for k, v in body["perm"].items() if v != "READ"}
            self.roles[body["name"]].append(kept)
        elif path == "/v3/auth/role/get":
            perms = self.roles[body["role"]]
            return {"perm": perms} if perms else {}
        return {}


class Grants(unittest.TestCase):
    def test_a_second_pass_changes_nothing(self) -> None:
        etcd = FakeEtcd()
        ensure_roles(etcd, "dev-a")  # type: ignore[arg-type]
        first = etcd.grants
        self.assertGreater(first, 5)
        ensure_roles(etcd, "dev-a")  # type: ignore[arg-type]
        self.assertEqual(etcd.grants, first)

    def test_another_right_on_the_same_key_is_granted(self) -> None:
        etcd = FakeEtcd()
        etcd.call("/v3/auth/role/add", {"name": "guard"})
        grant(etcd, "guard", "READ", "key")  # type: ignore[arg-type]
        grant(etcd, "guard", "READWRITE", "key")  # type: ignore[arg-type]
        grant(etcd, "guard", "READ", "key", "kez")  # type: ignore[arg-type]
        self.assertEqual(etcd.grants, 3)


if __name__ == "__main__":
    unittest.main()
