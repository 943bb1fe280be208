"""What the members really run with: parameters, pg_hba.conf and pending restarts."""

from collections.abc import Iterable

from patroni.utils import compare_values

from patroni_api import read
from sql import connect


def parameters(host: str, names: Iterable[str]) -> dict[str, dict]:
    """pg_settings of these names by name; names the server does not know are left out."""
    connection = connect(host, quiet=False)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT lower(name), setting, unit, vartype, context, source, boot_val"
                " FROM pg_settings WHERE lower(name) = ANY(%s)",
                (list(names),),
            )
            keys = ("setting", "unit", "vartype", "context", "source", "boot_val")
            return {row[0]: dict(zip(keys, row[1:], strict=True)) for row in cursor.fetchall()}
    finally:
        connection.close()


# Where this very session's own value hides the server's.
OVERRIDDEN = ("client", "session", "user", "database", "database user")


def in_force(entry: dict | None, wanted: str | None) -> bool:
    """True when the server runs with the wanted value; None stands for the default."""
    if entry is None:
        return True  # an extension's parameter: the server takes it on its word
    if entry["source"] in OVERRIDDEN:
        return True
    if wanted is None:
        return entry["source"] != "configuration file" or entry["setting"] == entry["boot_val"]
    return compare_values(entry["vartype"], entry["unit"], entry["setting"], wanted)


def hba(host: str) -> tuple[list[str], list[str]]:
    """The lines of the server's pg_hba.conf, and the faults it finds in them."""
    connection = connect(host, quiet=False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_read_file(current_setting('hba_file'))")
            text = cursor.fetchone()[0]
            cursor.execute(
                "SELECT 'line ' || line_number || ': ' || error FROM pg_hba_file_rules"
                " WHERE error IS NOT NULL"
            )
            faults = [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")], faults


def pending(host: str) -> dict[str, dict] | None:
    """Parameters that wait for a restart here, None when none does."""
    status = read(host, "/patroni")
    if not status.get("pending_restart"):
        return None
    return status.get("pending_restart_reason") or {}
