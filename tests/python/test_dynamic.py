"""The difference between Patroni's configuration and the live files."""

import unittest

from image_paths import use

use("postgres")
try:
    from dynamic import difference, patroni_fault, reversal
except ModuleNotFoundError as error:  # PyYAML is not on every developer's machine
    raise unittest.SkipTest(f"{error.name} is not installed") from error


def state(**parameters: object) -> dict:
    return {"ttl": 20, "postgresql": {"use_slots": True, "parameters": parameters}}


class Difference(unittest.TestCase):
    def test_equal_is_empty_whatever_the_type(self) -> None:
        self.assertEqual(difference(state(a=5, b=True, c="x"), state(a="5", b="on", c="x")), {})

    def test_change_add_remove(self) -> None:
        self.assertEqual(
            difference(state(a="1", b="2"), state(a="1", b="3", c="4")),
            {"postgresql": {"parameters": {"b": "3", "c": "4"}}},
        )
        self.assertEqual(
            difference(state(a="1"), state()), {"postgresql": {"parameters": {"a": None}}}
        )

    def test_leaves_run_time_data_alone(self) -> None:
        present = {**state(), "pause": True, "standby_cluster": {"host": "x"}, "slots": {"s": {}}}
        self.assertEqual(difference(present, state()), {})

    def test_reversal_undoes(self) -> None:
        present, wanted = state(a="1", b="2"), {**state(b="3", c="4"), "ttl": 30}
        patch = difference(present, wanted)
        self.assertEqual(
            reversal(present, patch),
            {"ttl": 20, "postgresql": {"parameters": {"a": "1", "b": "2", "c": None}}},
        )

    def test_values_patroni_would_replace_in_silence(self) -> None:
        self.assertIn("max_connections", patroni_fault({"max_connections": "5"}) or "")
        self.assertIn("wal_level", patroni_fault({"wal_level": "minimal"}) or "")
        self.assertIsNone(patroni_fault({"max_connections": "200", "wal_level": "replica"}))


if __name__ == "__main__":
    unittest.main()
