"""CPU and memory of containers over a window, from Docker's own counters."""

import json
import statistics
import subprocess
import time
from dataclasses import dataclass

TIER = "prometheus|alertmanager|grafana|loki|collector|collector-docker-proxy|postgres-exporter|pooler-exporter|node-exporter|status"


@dataclass(frozen=True)
class Sample:
    cpu: float
    """Cores."""
    memory: float
    """MiB, as `docker stats` counts: without caches that can be dropped."""


def components(stack: str) -> dict[str, str]:
    """Name and component of each of a stack's services that run."""
    format_ = '{{.Names}} {{.Label "holdfast.component"}}'
    lines = docker("ps", "--filter", f"label=holdfast.stack={stack}", "--format", format_).splitlines()
    found = (line.partition(" ") for line in lines)
    return {name: component for name, _, component in found if component}


def names(stack: str) -> list[str]:
    """The monitoring's containers of a stack that run."""
    wanted = TIER.split("|")
    return sorted(name for name, component in components(stack).items() if component in wanted)


def samples(containers: list[str], seconds: float, pause: float = 2.0) -> dict[str, list[Sample]]:
    """`docker stats` again and again (each look takes two seconds itself) for so long."""
    taken: dict[str, list[Sample]] = {name: [] for name in containers}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = docker("stats", "--no-stream", "--format", "{{json .}}", *containers)
        for line in text.splitlines():
            one = json.loads(line)
            cpu = float(one["CPUPerc"].rstrip("%")) / 100
            taken[one["Name"]].append(Sample(cpu, mebibytes(one["MemUsage"].split("/")[0])))
        time.sleep(pause)
    return taken


def mebibytes(text: str) -> float:
    """Of `12.3MiB`, `1.2GiB`, `512KiB`, `0B`."""
    text = text.strip()
    for unit, size in (("GiB", 1024.0), ("MiB", 1.0), ("KiB", 1 / 1024), ("B", 1 / 2**20)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * size
    raise ValueError(f"no size: {text}")


def summary(values: list[float]) -> dict[str, float]:
    """Number, mean, and the smallest and largest: the spread."""
    return {"n": len(values), "mean": statistics.fmean(values), "min": min(values), "max": max(values)}


def table(taken: dict[str, list[Sample]]) -> list[dict[str, object]]:
    """A row for each container that was seen, and one of all together, look by look."""
    seen = {name: list_ for name, list_ in taken.items() if list_}
    rows = [row(name, list_) for name, list_ in seen.items()]
    looks = list(zip(*seen.values(), strict=False))
    whole = [Sample(sum(one.cpu for one in look), sum(one.memory for one in look)) for look in looks]
    return rows + ([row("all together", whole)] if whole else [])


def row(name: str, taken: list[Sample]) -> dict[str, object]:
    return {
        "container": name,
        "cores": summary([one.cpu for one in taken]),
        "mebibytes": summary([one.memory for one in taken]),
    }


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout
