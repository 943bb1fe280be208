"""The metrics page: facts in, Prometheus text out. Pure, but for the size of the volume."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from report.facts import Facts
from report.families import FAMILIES
from report.family import Family, Labels

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(facts: Facts) -> str:
    """The page. A value that does not exist yet is left out rather than called 0."""
    return "".join(f"{line}\n" for family in FAMILIES for line in _lines(family, facts))


def _lines(family: Family, facts: Facts) -> Iterator[str]:
    yield f"# HELP {family.name} {family.text}"
    yield f"# TYPE {family.name} {family.kind}"
    for labels, value in family.samples(facts):
        if value is not None:
            yield f"{family.name}{_labels(labels)} {_number(float(value))}"


def _number(value: float) -> str:
    """The shortest text that is this very number: seconds since the epoch keep their fraction."""
    return str(int(value)) if value.is_integer() else repr(value)


def volume(path: Path) -> tuple[int, int]:
    """Size and free bytes of the file system that holds `path`."""
    usage = shutil.disk_usage(path)
    return usage.total, usage.free


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
