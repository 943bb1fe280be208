"""bench/sizes: a stack of another size, its memory by tier, and when growth counts as too fast."""

import argparse
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from monitoring_cost import cost  # noqa: E402
from stack_sizes import memory, report  # noqa: E402
from stack_sizes.stack import Failed, Stack, with_replicas  # noqa: E402


def size(replicas: int, up: float, again: list[float]) -> dict:
    rows = memory.rows({"p-1": "postgres", "e-1": "etcd"}, [{"p-1": 100.0 * replicas, "e-1": 20.0}])
    times = {"up": [up], "upAgain": again, "preview": again}
    return {"replicas": replicas, "loadAverage": 1.0, "seconds": times, "memory": rows}


class Sizes(unittest.TestCase):
    def test_the_stack_file_has_another_number_and_nothing_else(self) -> None:
        text = (ROOT / "Pulumi.dev.yaml").read_text()
        changed = with_replicas(text, 10)
        differing = [(a, b) for a, b in zip(text.splitlines(), changed.splitlines()) if a != b]
        self.assertEqual([b.split("#")[0].strip() for _, b in differing], ["replicas: 10"])
        with self.assertRaises(ValueError):
            with_replicas("config: {}\n", 3)

    def test_sizes_as_typed(self) -> None:
        self.assertEqual(report.sizes("2,5,10"), [2, 5, 10])
        for wrong in ("", "a", "5,2", "2,2", "0,1", "2,11"):
            with self.assertRaises(argparse.ArgumentTypeError):
                report.sizes(wrong)


class Growth(unittest.TestCase):
    def test_no_faster_than_the_replicas(self) -> None:
        grown = report.growth([size(2, 100.0, [10.0, 30.0, 11.0]), size(10, 499.0, [56.0])])
        found = {one["what"]: (one["replicas"], round(one["times"], 2), one["kept"]) for one in grown}
        self.assertEqual(
            found,
            {"up": (10, 4.99, True), "upAgain": (10, 5.09, False), "preview": (10, 5.09, False)},
        )

    def test_one_size_has_not_grown(self) -> None:
        self.assertEqual(report.growth([size(2, 100.0, [10.0])]), [])
        self.assertEqual(report.growth([]), [])

    def test_table(self) -> None:
        measured = [size(2, 100.0, [10.0, 12.0, 11.0]), size(5, 150.0, [12.0])]
        text = report.table({"sizes": measured, "growth": report.growth(measured)})
        self.assertIn("11.0 s (10.0 to 12.0, n=3)", text)
        self.assertIn("memory: postgres      200 MiB in 1", text)
        self.assertIn("up, from nothing, 5 replicas: 1.50 times as long with 2.5 times as many: kept", text)
        self.assertEqual(report.table({"sizes": [], "growth": []}), "nothing was measured")


class Memory(unittest.TestCase):
    def test_sums_by_tier_look_by_look(self) -> None:
        components = {"p-1": "postgres", "p-2": "postgres", "e-1": "etcd"}
        looks = [{"p-1": 100.0, "p-2": 50.0, "e-1": 20.0}, {"p-1": 110.0, "e-1": 20.0}]
        found = {row["tier"]: row for row in memory.rows(components, looks)}
        self.assertEqual(found["postgres"]["containers"], 2)
        self.assertEqual(found["postgres"]["mebibytes"], {"n": 2, "mean": 130.0, "min": 110.0, "max": 150.0})
        self.assertEqual(found["all together"]["mebibytes"]["max"], 170.0)

    def test_only_services_have_a_component(self) -> None:
        with mock.patch.object(cost, "docker", return_value="a-postgres-1 postgres\na-job \na-app-1 app\n"):
            self.assertEqual(cost.components("dev"), {"a-postgres-1": "postgres", "a-app-1": "app"})
            self.assertEqual(cost.names("dev"), [])


class Commands(unittest.TestCase):
    def setUp(self) -> None:
        self.stack = Stack(ROOT)
        self.addCleanup(lambda: shutil.rmtree(self.stack.folder, ignore_errors=True))

    def launcher(self, text: str) -> None:
        file = self.stack.folder / "holdfast"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def test_a_command_names_the_stack_and_answers_every_question(self) -> None:
        self.launcher('echo "$@" > said')
        self.assertGreater(self.stack.timed("up"), 0.0)
        said = (self.stack.folder / "said").read_text().split()
        self.assertEqual(said, ["up", "--stack", self.stack.name, "--yes"])

    def test_a_failure_has_the_last_words(self) -> None:
        self.launcher("echo no room; exit 3")
        with self.assertRaisesRegex(Failed, r"holdfast up ended with 3:\nno room"):
            self.stack.run("up")

    def test_nothing_is_left(self) -> None:
        self.launcher('[ "$1 $2" = "down --data" ]')
        with tempfile.TemporaryDirectory() as root:
            self.stack.root = Path(root)
            self.stack.remove()
        self.assertFalse(self.stack.folder.exists())


if __name__ == "__main__":
    unittest.main()
