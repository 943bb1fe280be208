"""postgresql.conf and pg_hba.conf of a scratch server. Pure: facts in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# A standby must not have less of these than the server whose WAL it replays; the WAL may bring a
# later increase, so there is room above what the control file asks for.
LEAST = {
    "max_connections": 100,
    "max_worker_processes": 16,
    "max_wal_senders": 20,
    "max_prepared_xacts": 10,
    "max_locks_per_xact": 128,
}
PARAMETER = {
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}
Settings = dict[str, str]


def requirements(controldata: str) -> dict[str, int]:
    """`max_… setting` lines of pg_controldata's output."""
    pattern = re.compile(r"^(max_\w+) setting:\s+(\d+)$", re.MULTILINE)
    return {name: int(value) for name, value in pattern.findall(controldata)}


def control_value(controldata: str, name: str) -> str:
    """One value of pg_controldata's output; empty without it."""
    found = re.search(rf"^{re.escape(name)}:\s+(.+)$", controldata, re.MULTILINE)
    return found.group(1).strip() if found else ""


def last_value(conf: str, name: str) -> str:
    """The value that the last line for `name` in a postgresql.conf gives it; empty without one."""
    pattern = re.compile(rf"^\s*{re.escape(name)}\s*=?\s*('(?:[^']|'')*'|[^\s#]+)", re.M | re.I)
    values = pattern.findall(conf)
    if not values:
        return ""
    value = str(values[-1])
    return value[1:-1].replace("''", "'") if value.startswith("'") else value


def libraries(conf: str, available: Iterable[str]) -> str:
    """shared_preload_libraries of the original, as far as this machine has them."""
    present = set(available)
    wanted = [
        entry.strip().strip('"')
        for entry in last_value(conf, "shared_preload_libraries").split(",")
    ]
    return ",".join(entry for entry in wanted if entry and entry in present)


def settings(socket_folder: str, needs: Mapping[str, int], preload: str) -> Settings:
    """What every scratch server runs with."""
    counts = {
        PARAMETER.get(name, name): str(max(least, 2 * needs.get(name, 0)))
        for name, least in LEAST.items()
    }
    return {
        # Nobody but this drill reaches it.
        "listen_addresses": "",
        "unix_socket_directories": socket_folder,
        "unix_socket_permissions": "0700",
        # It must neither archive into, nor wait for, nor follow the cluster it is a copy of.
        "archive_mode": "off",
        "synchronous_standby_names": "",
        "primary_conninfo": "",
        "primary_slot_name": "",
        "max_logical_replication_workers": "0",
        "hot_standby": "on",
        **counts,
        "shared_preload_libraries": preload,
        "shared_buffers": "64MB",
        "maintenance_work_mem": "64MB",
        "max_wal_size": "512MB",
        "checkpoint_timeout": "30min",
        "autovacuum": "off",
        "jit": "off",
        "fsync": "off",
        "full_page_writes": "off",
        # In recovery a long count must not be cancelled: nothing here waits for the replay.
        "max_standby_archive_delay": "-1",
        "max_standby_streaming_delay": "-1",
        "statement_timeout": "0",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_line_prefix": "%m ",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }


def recovery(kind: str, value: str, timeline: str, action: str, restore_command: str) -> Settings:
    """How far to recover. kind: `lsn` (stop before the record there), `time`, `latest`."""
    values = {
        "restore_command": restore_command,
        "recovery_target_timeline": timeline,
        "recovery_target_action": action,
    }
    # Only the one that is meant: PostgreSQL counts an empty one as a second target.
    if kind == "lsn":
        # The end of the last record wanted; "inclusive" would replay the next one as well.
        values |= {"recovery_target_lsn": value, "recovery_target_inclusive": "off"}
    elif kind == "time":
        values |= {"recovery_target_time": value}
    return values


def render(values: Mapping[str, str]) -> str:
    """The text of a postgresql.conf."""
    lines = ["# Written by Holdfast for a restore drill. Gone when it ends."]
    for name, value in values.items():
        lines.append(f"{name} = '" + value.replace("\\", "\\\\").replace("'", "''") + "'")
    return "\n".join(lines) + "\n"


HBA = """# Written by Holdfast for a restore drill: on a socket that only its own user can open.
local all all trust
"""
