"""When a Patroni is started anew under a running PostgreSQL."""

import unittest

from image_paths import use

use("postgres")
from stuck import SILENT_SECONDS, is_stuck  # noqa: E402

NOW = 1000.0
SILENT = {"dcs_last_seen": NOW - SILENT_SECONDS - 1}


class Stuck(unittest.TestCase):
    def test_only_when_etcd_answers_and_patroni_has_been_silent(self) -> None:
        primary = {**SILENT, "role": "primary"}
        self.assertTrue(is_stuck(primary, NOW, True, False))
        self.assertFalse(is_stuck(primary, NOW, False, False))
        self.assertFalse(is_stuck({**primary, "dcs_last_seen": NOW - 5}, NOW, True, False))

    def test_a_replica_waits_for_the_leader(self) -> None:
        replica = {**SILENT, "role": "replica"}
        self.assertFalse(is_stuck(replica, NOW, True, False))
        self.assertTrue(is_stuck(replica, NOW, True, True))


if __name__ == "__main__":
    unittest.main()
