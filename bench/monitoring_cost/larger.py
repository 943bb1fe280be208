"""Prometheus of our image, with the rules and intervals of the stack that runs, at a site of 10 replicas and
20 instances: does every scrape and every evaluation end within its interval?"""

import json
import re
import secrets
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from monitoring_cost import api, cost, targets


def measure(url: str, image: str, seconds: float, memory: str) -> dict[str, object]:
    """Starts it, waits for its first samples, lets it work so long, and asks it. Leaves nothing behind."""
    server = targets.serve(targets.record(url))
    name = f"holdfast-bench-monitoring-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        Path(folder).chmod(0o755)
        port = free_port()
        written(folder, url, f"127.0.0.1:{server.server_port}", port)
        try:
            cost.docker(
                *["run", "--detach", "--rm", "--name", name, "--network", "host", "--memory", memory],
                *["--volume", f"{folder}:/bench:ro", "--tmpfs", "/data:mode=1777", "--entrypoint", "prometheus"],
                *[image, "--config.file=/bench/prometheus.yml", "--storage.tsdb.path=/data"],
                f"--web.listen-address=127.0.0.1:{port}",
            )
            address = f"http://127.0.0.1:{port}"
            ready(address, name)
            spent = cost.samples([name], seconds)
            return asked(address) | {"cost": cost.table(spent)[0]}
        finally:
            subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
            server.shutdown()


def written(folder: str, url: str, address: str, port: int) -> None:
    """prometheus.yml and the rules. JSON is YAML."""
    text = api.get(url, "status/config")["yaml"]
    every = re.search(r"^  scrape_interval: (\S+)", text, re.M).group(1)
    evaluated = re.search(r"^  evaluation_interval: (\S+)", text, re.M).group(1)
    jobs = re.findall(r"^- job_name: (\S+)\n(?:  .*\n)*?  scrape_interval: (\S+)", text, re.M)
    configs = targets.scrape_configs(url, address, dict(jobs))
    configs.append({"job_name": "bench", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]})
    config = {
        "global": {"scrape_interval": every, "evaluation_interval": evaluated},
        "rule_files": ["/bench/rules.yml"],
        "scrape_configs": configs,
    }
    for name, content in (("prometheus.yml", config), ("rules.yml", api.rules_file(url))):
        path = Path(folder, name)
        path.write_text(json.dumps(content))
        path.chmod(0o644)


def asked(address: str) -> dict[str, object]:
    """What it says of itself."""
    slowest = api.vector(address, "max by (rule_group) (prometheus_rule_group_last_duration_seconds)")
    intervals = dict(
        (labels["rule_group"], value)
        for labels, value in api.vector(address, "max by (rule_group) (prometheus_rule_group_interval_seconds)")
    )
    return {
        "targets": one(address, 'count(up{job!="bench"})'),
        "targetsUp": one(address, 'sum(up{job!="bench"})'),
        "series": one(address, "max(prometheus_tsdb_head_series)"),
        "samplesPerSecond": one(address, "sum(rate(prometheus_tsdb_head_samples_appended_total[30s]))"),
        "slowestScrapeSeconds": one(address, "max(scrape_duration_seconds)"),
        "intervalSeconds": {
            labels["interval"]: value
            for labels, value in api.vector(address, 'prometheus_target_interval_length_seconds{quantile="0.99"}')
        },
        "groups": [
            {"group": labels["rule_group"].rsplit(";", 1)[-1], "seconds": value, "interval": intervals[labels["rule_group"]]}
            for labels, value in sorted(slowest, key=lambda pair: -pair[1])
        ],
        "missed": one(address, "sum(prometheus_rule_group_iterations_missed_total)"),
        "failed": one(address, "sum(prometheus_rule_evaluation_failures_total)"),
    }


def one(address: str, expr: str) -> float:
    found = api.vector(address, expr)
    return found[0][1] if found else float("nan")


def within(result: dict[str, object]) -> bool:
    """Whether nothing was late: every target up, no evaluation missed, each group within its interval."""
    return (
        result["targetsUp"] == result["targets"]
        and result["missed"] == 0
        and result["failed"] == 0
        and all(group["seconds"] < group["interval"] for group in result["groups"])
        and all(value < 1.5 * seconds(interval) for interval, value in result["intervalSeconds"].items())
    )


def seconds(text: str) -> float:
    """Of Prometheus' `2s`, `1m0s` and `500ms`."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h)", text))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ready(address: str, name: str) -> None:
    for _ in range(60):
        try:
            with urllib.request.urlopen(f"{address}/-/ready", timeout=1):
                return
        except OSError:
            time.sleep(1)
    raise RuntimeError(f"it is not ready after a minute: {cost.docker('logs', '--tail', '5', name)}")
