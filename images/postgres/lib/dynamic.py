"""Patroni's dynamic configuration: what the live files say it should be, and the way there."""

from pathlib import Path

import yaml

from facts import LIVE
from pgconf import ConfigFault, parse_conf, parse_hba

# Patroni sets these itself, whatever the dynamic configuration says.
PATRONI_OWN = frozenset(
    {"listen_addresses", "port", "cluster_name", "hot_standby", "unix_socket_directories"}
)
# Patroni falls back to its default without an error below these bounds (postgresql/config.py).
PATRONI_LEAST = {
    "max_connections": 25,
    "max_wal_senders": 3,
    "max_prepared_transactions": 0,
    "max_locks_per_transaction": 32,
    "max_replication_slots": 4,
    "max_worker_processes": 2,
}
# A replica must not have less of these than its leader has (PostgreSQL's rule for hot standby).
LEADER_FIRST_WHEN_LOWERED = frozenset(
    {
        "max_connections",
        "max_wal_senders",
        "max_prepared_transactions",
        "max_locks_per_transaction",
        "max_worker_processes",
    }
)
# What live files own in the dynamic configuration; other keys (standby_cluster, slots, pause, ...)
# are run-time data and stay as they are.
OWNED = (
    "ttl",
    "loop_wait",
    "retry_timeout",
    "primary_start_timeout",
    "primary_stop_timeout",
    "maximum_lag_on_failover",
    "synchronous_mode",
    "synchronous_mode_strict",
    "synchronous_node_count",
    "failsafe_mode",
    "check_timeline",
)
OWNED_POSTGRESQL = (
    "use_pg_rewind",
    "use_slots",
    "remove_data_directory_on_rewind_failure",
    "remove_data_directory_on_diverged_timelines",
    "pg_hba",
)


def read_live(folder: Path = LIVE) -> dict:
    """The dynamic configuration that the three live files ask for. ConfigFault when one is bad."""
    texts = {}
    for name in ("dynamic.yml", "postgresql.conf", "pg_hba.conf"):
        try:
            texts[name] = (folder / name).read_text()
        except OSError as error:
            raise ConfigFault(f"cannot read {folder / name}: {error.strerror}") from error
    try:
        wanted = yaml.safe_load(texts["dynamic.yml"])
    except yaml.YAMLError as error:
        raise ConfigFault(f"{folder / 'dynamic.yml'} is no YAML: {error}") from error
    if not isinstance(wanted, dict):
        raise ConfigFault(f"{folder / 'dynamic.yml'} is no mapping")
    parameters = parse_conf(texts["postgresql.conf"])
    postgresql = dict(wanted.get("postgresql") or {})
    postgresql["parameters"] = {k: v for k, v in parameters.items() if k not in PATRONI_OWN}
    postgresql["pg_hba"] = parse_hba(texts["pg_hba.conf"])
    fault = patroni_fault(postgresql["parameters"])
    if fault:
        raise ConfigFault(fault)
    return {**wanted, "postgresql": postgresql}


def patroni_fault(parameters: dict[str, str]) -> str | None:
    """A value that Patroni would silently replace by its own default; None when there is none."""
    for name, least in PATRONI_LEAST.items():
        value = parameters.get(name)
        if value is not None and value.isdigit() and int(value) < least:
            return f"postgresql.conf: {name} = {value} is below {least}, the least Patroni accepts"
    if parameters.get("wal_level", "replica") not in ("replica", "logical"):
        return f"postgresql.conf: wal_level = {parameters['wal_level']} cannot feed a replica"
    return None


def as_text(value: object) -> str:
    """A parameter's value as postgresql.conf would spell it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def difference(present: dict, wanted: dict) -> dict:
    """The least PATCH that makes `present` as `wanted`; null removes. Empty when equal."""
    patch: dict = {}
    for name in OWNED:
        if present.get(name) != wanted.get(name):
            patch[name] = wanted.get(name)
    have, want = present.get("postgresql") or {}, wanted.get("postgresql") or {}
    inner: dict = {}
    for name in OWNED_POSTGRESQL:
        if have.get(name) != want.get(name):
            inner[name] = want.get(name)
    old, new = have.get("parameters") or {}, want.get("parameters") or {}
    parameters: dict = {}
    for name in sorted({*old, *new}):
        if name not in new:
            parameters[name] = None
        elif name not in old or as_text(old[name]) != new[name]:
            parameters[name] = new[name]
    if parameters:
        inner["parameters"] = parameters
    if inner:
        patch["postgresql"] = inner
    return patch


def reversal(present: dict, patch: dict) -> dict:
    """The PATCH that undoes `patch` on a configuration that was `present`."""
    back: dict = {}
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(present.get(name), dict):
            back[name] = reversal(present[name], value)
        else:
            back[name] = present.get(name)
    return back
