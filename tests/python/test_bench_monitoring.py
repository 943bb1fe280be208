"""bench/monitoring: what is read of Docker and Prometheus, the larger site, and when it counts as late."""

import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from monitoring_cost import api, cost, larger, targets

LABELS = {"stack": "dev", "site": "a"}


def active(job: str, component: str, instance: str) -> dict[str, object]:
    labels = LABELS | {"job": job, "component": component, "instance": instance}
    return {"labels": labels, "health": "up", "scrapeUrl": "http://x/metrics"}


RUNNING = {
    "activeTargets": [
        active("patroni", "postgres", "postgres-1"),
        active("postgres", "postgres", "postgres-1"),
        active("postgres", "postgres", "postgres-2"),
        active("app", "app", "app-1"),
        active("edge", "edge", "edge"),
    ]
}


class Cost(unittest.TestCase):
    def test_sizes_as_docker_writes_them(self) -> None:
        self.assertEqual(cost.mebibytes("1.5GiB"), 1536)
        self.assertEqual(cost.mebibytes(" 12.25MiB "), 12.25)
        self.assertEqual(cost.mebibytes("512KiB"), 0.5)
        self.assertEqual(cost.mebibytes("0B"), 0)
        with self.assertRaises(ValueError):
            cost.mebibytes("much")

    def test_all_together_is_a_sum_look_by_look(self) -> None:
        a = [cost.Sample(0.1, 10), cost.Sample(0.3, 12)]
        b = [cost.Sample(0.2, 20), cost.Sample(0.2, 20)]
        rows = cost.table({"a": a, "b": b, "gone": []})
        self.assertEqual([row["container"] for row in rows], ["a", "b", "all together"])
        self.assertEqual(rows[-1]["mebibytes"], {"n": 2, "mean": 31, "min": 30, "max": 32})
        self.assertAlmostEqual(rows[-1]["cores"]["max"], 0.5)

    def test_nothing_seen_is_no_row(self) -> None:
        self.assertEqual(cost.table({"a": []}), [])


class Larger(unittest.TestCase):
    def test_ten_replicas_and_twenty_instances_and_the_rest_as_it_is(self) -> None:
        with mock.patch.object(targets, "get", return_value=RUNNING):
            found = targets.instances("http://p")
        self.assertEqual({job: len(list_) for job, list_ in found.items()},
                         {"patroni": 11, "postgres": 11, "app": 20, "edge": 1})
        self.assertEqual(found["app"][-1], LABELS | {"component": "app", "instance": "app-20"})
        self.assertEqual(found["patroni"][-1]["instance"], "postgres-11")

    def test_each_target_is_a_path_of_its_own_and_keeps_its_interval(self) -> None:
        with mock.patch.object(targets, "get", return_value=RUNNING):
            configs = targets.scrape_configs("http://p", "h:1", {"patroni": "2s"})
        patroni = next(one for one in configs if one["job_name"] == "patroni")
        self.assertEqual((patroni["scrape_interval"], patroni["scrape_timeout"]), ("2s", "1s"))
        paths = [one["labels"]["__metrics_path__"] for config in configs for one in config["static_configs"]]
        self.assertEqual(len(paths), len(set(paths)))

    def test_the_server_answers_for_every_instance_of_a_job_it_knows(self) -> None:
        server = targets.serve({"app": b"up_and_well 1\n"})
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            for instance in ("app-1", "app-20"):
                with urllib.request.urlopen(f"{address}/app/{instance}") as answer:
                    self.assertEqual(answer.read(), b"up_and_well 1\n")
            with self.assertRaises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{address}/other/x")
        finally:
            server.shutdown()
            server.server_close()

    def test_seconds(self) -> None:
        self.assertEqual([larger.seconds(text) for text in ("2s", "1m0s", "500ms")], [2, 60, 0.5])

    GOOD = {
        "targets": 40.0, "targetsUp": 40.0, "missed": 0.0, "failed": 0.0,
        "groups": [{"group": "a", "seconds": 0.1, "interval": 2.0}], "intervalSeconds": {"5s": 5.1},
    }

    def test_in_time(self) -> None:
        self.assertTrue(larger.within(self.GOOD))

    def test_late_in_each_way(self) -> None:
        for wrong in (
            {"targetsUp": 39.0},
            {"missed": 1.0},
            {"failed": 1.0},
            {"groups": [{"group": "a", "seconds": 2.0, "interval": 2.0}]},
            {"intervalSeconds": {"5s": 7.5}},
            {"targets": float("nan"), "targetsUp": float("nan")},
        ):
            self.assertFalse(larger.within(self.GOOD | wrong), wrong)


class Rules(unittest.TestCase):
    def test_loaded_rules_become_a_file_again(self) -> None:
        rule = {"type": "alerting", "name": "A", "query": "up == 0", "duration": 60, "labels": {"severity": "info"},
                "annotations": {"summary": "s"}}
        loaded = {"groups": [{"name": "g", "interval": 2, "rules": [rule]}]}
        with mock.patch.object(api, "get", return_value=loaded):
            self.assertEqual(api.rules_file("http://p"), {"groups": [{"name": "g", "interval": "2s", "rules": [
                {"alert": "A", "expr": "up == 0", "for": "60s", "labels": {"severity": "info"},
                 "annotations": {"summary": "s"}}]}]})


if __name__ == "__main__":
    unittest.main()
