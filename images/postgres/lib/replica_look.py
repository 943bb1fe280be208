"""What a replica sees of itself and of its leader, for reclone.py."""

import contextlib
import os
import re
import shutil
from pathlib import Path

import psycopg2

from facts import fact, slot_of
from patroni_api import cluster, leader_of, own_status, read
from reclone_rules import LeaderLook, OwnLook
from sql import connect

VOLUME = Path("/var/lib/postgresql")
DATA = VOLUME / "17/main"
SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENTS_PER_LOG = 2**32 // SEGMENT_BYTES
SEGMENT_NAME = re.compile(r"\b[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})\b")
WORKING_LEADER = ("primary", "standby_leader")

LEADER = """
SELECT (SELECT min(right(name, 16)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'),
  EXISTS (SELECT FROM pg_stat_replication
    WHERE application_name = %(member)s AND state IN ('streaming', 'catchup')),
  EXISTS (SELECT FROM pg_replication_slots
    WHERE slot_name = %(slot)s AND invalidation_reason IS NOT NULL)
"""
REPLICA = """
SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn,
  pg_last_wal_replay_lsn()::text
"""
# A replica that streams is back within some 15 ms after its walsender's end, and must find a new
# slot then: hence the short sleep, and all in one go. When it is quicker, once more.
RENEW = """
DO $$
BEGIN
  FOR try IN 1..100 LOOP
    BEGIN
      PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots
        WHERE slot_name = %(slot)s AND invalidation_reason IS NOT NULL AND active;
      PERFORM pg_sleep(0.002);
      PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots
        WHERE slot_name = %(slot)s AND invalidation_reason IS NOT NULL;
      PERFORM pg_create_physical_replication_slot(%(slot)s, true)
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %(slot)s);
      RETURN;
    EXCEPTION WHEN object_in_use THEN
      NULL;
    END;
  END LOOP;
  RAISE object_in_use USING MESSAGE = 'the slot is in use all the time';
END $$
"""


def segment_number(digits: str | None) -> int | None:
    """The number of a segment from the last 16 digits of its file name."""
    if not digits:
        return None
    return int(digits[:8], 16) * SEGMENTS_PER_LOG + int(digits[8:], 16)


def segment_in_title(title: str) -> int | None:
    """What the startup process recovers or waits for, from its title."""
    if " startup " not in title:
        return None
    found = SEGMENT_NAME.search(title)
    return segment_number("".join(found.groups())) if found else None


def is_repair(title: str) -> bool:
    """Whether this is a rewind, a base backup, or crash recovery in single-user mode."""
    program, _, rest = title.partition(" ")
    name = program.rpartition("/")[2]
    return name in ("pg_rewind", "pg_basebackup") or (name == "postgres" and "--single" in rest)


def _titles() -> list[str]:
    """The command lines of this container's processes."""
    titles = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                titles.append(Path("/proc", entry, "cmdline").read_text().replace("\0", " "))
    return titles


def _position() -> tuple[int | None, str | None]:
    """The segment that this replica needs next, and how far it has replayed."""
    with contextlib.suppress(psycopg2.Error):
        connection = connect("127.0.0.1")
        try:
            with connection.cursor() as cursor:
                cursor.execute(REPLICA)
                end, replayed = cursor.fetchone()
                return (None if end is None else int(end) // SEGMENT_BYTES), replayed
        finally:
            connection.close()
    # It takes no connections before it is consistent, and perhaps it lacks the WAL for just that.
    found = [n for n in map(segment_in_title, _titles()) if n is not None]
    return (found[0] if len(found) == 1 else None), None


def look_at_self() -> OwnLook:
    """This member now. PatroniError when its Patroni does not answer."""
    own = own_status()
    state, role = str(own.get("state")), str(own.get("role"))
    streaming = own.get("replication_state") == "streaming"
    asks = role == "replica" and state in ("running", "starting") and not streaming
    needs, replayed = _position() if asks else (None, None)
    try:
        files = any(DATA.iterdir())
    except OSError:
        files = False
    usage = shutil.disk_usage(VOLUME)
    return OwnLook(
        state=state,
        role=role,
        streaming=streaming,
        system=own.get("database_system_identifier"),
        files=files,
        busy=not streaming and any(map(is_repair, _titles())),
        needs=needs,
        replayed=replayed,
        free=usage.free / usage.total,
    )


def look_at_leader() -> LeaderLook:
    """The leader now. PatroniError or psycopg2.Error when something does not answer."""
    state = cluster("127.0.0.1")
    entry = leader_of(state)
    if entry is None or entry["name"] == fact("MEMBER"):
        return LeaderLook("nobody", "", False)
    own = read(entry["host"], "/patroni")
    member = fact("MEMBER")
    connection = connect(entry["host"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(LEADER, {"member": member, "slot": slot_of(member)})
            oldest, attached, invalid = cursor.fetchone()
    finally:
        connection.close()
    return LeaderLook(
        name=entry["name"],
        host=entry["host"],
        works=own.get("state") == "running" and own.get("role") in WORKING_LEADER,
        paused=bool(state.get("pause")),
        system=own.get("database_system_identifier"),
        pending_restart=bool(own.get("pending_restart")),
        oldest=segment_number(oldest),
        attached=attached,
        slot_invalid=invalid,
    )


def renew_slot(leader: LeaderLook, member: str) -> None:
    """Replaces this member's given-up slot on the leader. psycopg2.Error when it cannot be."""
    connection = connect(leader.host)
    try:
        with connection.cursor() as cursor:
            cursor.execute(RENEW, {"slot": slot_of(member)})
    finally:
        connection.close()
