"""PostgreSQL's own judgement on a configuration, before anything reaches the cluster."""

import contextlib
import subprocess
import tempfile
from pathlib import Path

from patroni.utils import parse_int

from pgconf import ConfigFault, quote

POSTGRES = "/usr/lib/postgresql/17/bin/postgres"
LIBRARIES = Path("/usr/lib/postgresql/17/lib")


def check_parameters(parameters: dict[str, str]) -> None:
    """ConfigFault when PostgreSQL would not start with these parameters.

    `postgres -C` reads the file as a start would: names, types, ranges. `postgres --check`, the
    probe of initdb, allocates what a start would, so it also sees a lack of memory. Neither
    touches a data directory in use.
    """
    _check_libraries(parameters.get("shared_preload_libraries", ""))
    _check_reserved(parameters)
    _check_memory(parameters)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        Path(folder).chmod(0o700)
        lines = [f"{name} = {quote(str(value))}" for name, value in parameters.items()]
        Path(folder, "postgresql.conf").write_text("\n".join(lines) + "\n")
        Path(folder, "pg_hba.conf").touch()
        Path(folder, "pg_ident.conf").touch()
        Path(folder, "PG_VERSION").write_text("17\n")
        Path(folder, "postgresql.auto.conf").touch()
        for name in ("pg_notify", "pg_dynshmem", "pg_stat", "pg_stat_tmp", "pg_replslot"):
            Path(folder, name).mkdir()
        for arguments in (["-C", "max_connections"], ["--check"]):
            _run(arguments, folder)


def _check_libraries(names: str) -> None:
    """A library that is not in the image keeps PostgreSQL from starting."""
    for name in filter(None, (part.strip().strip('"') for part in names.split(","))):
        if not Path(LIBRARIES, f"{name.removesuffix('.so')}.so").exists():
            raise ConfigFault(f'postgresql.conf: shared_preload_libraries: no library "{name}"')


def _check_reserved(parameters: dict[str, str]) -> None:
    """Checked by PostgreSQL only after it has begun to start."""
    counts = {
        "max_connections": 100,
        "superuser_reserved_connections": 3,
        "reserved_connections": 0,
    }
    for name in counts:
        if parameters.get(name, "").isdigit():
            counts[name] = int(parameters[name])
    reserved = counts["superuser_reserved_connections"] + counts["reserved_connections"]
    if reserved >= counts["max_connections"]:
        raise ConfigFault(
            f"postgresql.conf: {reserved} reserved connections leave none of max_connections ="
            f" {counts['max_connections']} for clients"
        )


def _check_memory(parameters: dict[str, str]) -> None:
    """The kernel grants shared memory lazily: too much of it ends in a kill, not in an error."""
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            limit = int(Path(file).read_text())
            wanted = (parse_int(parameters.get("shared_buffers", "128MB"), "8kB") or 0) * 8192
            if wanted > limit * 0.75:
                raise ConfigFault(
                    f"postgresql.conf: shared_buffers = {parameters['shared_buffers']} is over"
                    f" three quarters of the container's {limit // 2**20} MiB"
                )


def _run(arguments: list[str], folder: str) -> None:
    first, *rest = arguments
    command = [POSTGRES, first, *rest, "-D", folder, "-c", "log_destination=stderr"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired as error:
        raise ConfigFault("postgresql.conf: PostgreSQL's own check took over 20 s") from error
    if done.returncode == 0:
        return
    said = [
        line.split(":  ", 1)[1] if ":  " in line else line
        for line in done.stderr.replace(folder + "/", "").splitlines()
        if any(level in line for level in ("LOG:", "ERROR:", "FATAL:", "HINT:"))
    ]
    said = [line for line in said if "contains errors" not in line]
    raise ConfigFault("postgresql.conf: " + ("; ".join(said) or done.stderr.strip()))
