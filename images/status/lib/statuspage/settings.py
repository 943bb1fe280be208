"""What the page is told: who it is and whom to ask (environment), what was promised (live file)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LIVE = Path("/etc/holdfast/live/status.json")


@dataclass(frozen=True)
class Place:
    """Which site's page this is, and the addresses with ports that it asks."""

    stack: str
    site: str
    prometheus: str
    alertmanager: str
    patroni: tuple[str, ...]
    """Every address that a member may have: those that are not there do not answer."""


@dataclass(frozen=True)
class Objectives:
    """What the settings promise. None: the live file does not say."""

    recovery_point_seconds: float | None = None
    recovery_time_seconds: float | None = None
    read_lag_limit_bytes: float | None = None
    scrape_interval_seconds: float = 5.0


def place(environment: Mapping[str, str] = os.environ) -> Place:
    """From HOLDFAST_*. Raises SystemExit for one that is missing."""

    def fact(name: str) -> str:
        value = environment.get(f"HOLDFAST_{name}", "")
        if not value:
            raise SystemExit(f"holdfast-status: the variable HOLDFAST_{name} is missing")
        return value

    patroni = tuple(fact("PATRONI").split(","))
    return Place(fact("STACK"), fact("SITE"), fact("PROMETHEUS"), fact("ALERTMANAGER"), patroni)


def objectives(file: Path = LIVE) -> Objectives:
    """Read anew at each look, so that another promise needs no restart."""
    try:
        return parse(file.read_text())
    except (OSError, ValueError, KeyError, TypeError):
        return Objectives()


def parse(text: str) -> Objectives:
    """status.json. Raises ValueError, KeyError or TypeError when it is none."""
    body = json.loads(text)
    return Objectives(
        recovery_point_seconds=float(body["recoveryPointSeconds"]),
        recovery_time_seconds=float(body["recoveryTimeSeconds"]),
        read_lag_limit_bytes=float(body["readLagLimitBytes"]),
        scrape_interval_seconds=float(body["scrapeIntervalSeconds"]),
    )
