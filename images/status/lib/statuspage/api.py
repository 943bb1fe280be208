"""/api/status.json: what the page shows, for scripts. Pure."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from .charts import Chart
from .model import Objective, Overview


def render(found: Overview, charts: Sequence[Chart]) -> str:
    """Field names as the page's model has them, in camelCase; times, fields in `At`, are ISO."""
    return json.dumps({**_plain(found), "charts": [_plain(one) for one in charts]}, indent=1) + "\n"


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        plain = {}
        for field in fields(value):
            held = getattr(value, field.name)
            plain[_camel(field.name)] = iso(held) if field.name.endswith("_at") else _plain(held)
        return {**plain, "met": value.met} if isinstance(value, Objective) else plain
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def iso(at: float | None) -> str | None:
    """UTC, to the second."""
    return None if at is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
