"""The live file autoscaler.json: bounds, targets, windows and steps."""

import json
from dataclasses import dataclass
from pathlib import Path

from scaler.replicas import Policy, Rules

HIGHEST = 20  # instances that have an address


class ConfigError(Exception):
    """The file says something that cannot be meant."""


@dataclass(frozen=True)
class Config:
    """minimum, maximum: instances. tolerance: a part of 1. requests: a second, of one instance.
    work: requests at work or waiting, of one instance. up, down: windows and policies."""

    minimum: int
    maximum: int
    tolerance: float
    requests: float
    work: float
    up: Rules
    down: Rules


def parse(text: str) -> Config:
    """The file's text. Raises ConfigError, which names the key."""
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"no JSON: {error}") from error
    minimum = _number(tree, "minimum", 1, HIGHEST)
    return Config(
        minimum=int(minimum),
        maximum=int(_number(tree, "maximum", minimum, HIGHEST)),
        tolerance=_number(tree, "tolerancePercent", 0, 100) / 100,
        requests=_number(tree, "requestsPerSecond", 0.1, 1_000_000),
        work=_number(tree, "requestsAtWork", 0.1, 1_000_000),
        up=_rules(tree, "up"),
        down=_rules(tree, "down"),
    )


def read(file: Path) -> Config:
    try:
        return parse(file.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error


def _rules(tree: object, key: str) -> Rules:
    rules = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(rules, dict):
        raise ConfigError(f"{key}: expected an object")
    policies = rules.get("policies")
    if not isinstance(policies, list) or not policies:
        raise ConfigError(f"{key}.policies: expected at least one")
    return Rules(
        window=_number(rules, "windowSeconds", 0, 86_400),
        policies=tuple(_policy(policy) for policy in policies),
    )


def _policy(policy: object) -> Policy:
    kind = policy.get("kind") if isinstance(policy, dict) else None
    if kind not in ("instances", "percent"):
        raise ConfigError(f"policies: kind is instances or percent, not {kind!r}")
    amount = _number(policy, "amount", 1, 10_000)
    return Policy(kind, int(amount), _number(policy, "periodSeconds", 1, 3600))


def _number(tree: object, key: str, low: float, high: float) -> float:
    value = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{key}: expected a number from {low:g} to {high:g}, not {value!r}")
    return value
