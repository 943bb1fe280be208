#!/usr/bin/python3
"""Makes the roles, the database and what monitoring and the pooler need. Idempotent.

usage: holdfast-roles < facts.json

    {"superuserPassword": "...", "hosts": [{"host": "10.0.0.11", "port": 5432}, ...],
     "database": "shop", "owner": "shop",
     "roles": {"application": "...", "pgbouncer": "...", "monitor": "...", "backup": "..."},
     "timeoutSeconds": 120}

Waits for the leader. Passwords travel as SCRAM verifiers made here, are set only when the present
one does not fit, and are never logged. Prints what changed. Exit code 1 with the reason on failure.
"""

import json
import sys
import time

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from scram import verifies

QUIET = "-c log_statement=none -c log_min_error_statement=panic -c log_min_duration_statement=-1"

# Any role may come through the pooler except those that could do harm there. The function runs as
# its owner, so the pooler's own role reads no table.
GET_AUTH = """
CREATE OR REPLACE FUNCTION pgbouncer.get_auth(name text)
RETURNS TABLE (usename text, passwd text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT rolname::text,
         CASE WHEN rolvaliduntil IS NULL OR rolvaliduntil > now() THEN rolpassword END
  FROM pg_catalog.pg_authid
  WHERE rolname = name AND rolcanlogin AND NOT rolsuper AND NOT rolreplication
$$
"""


# What shipping and drills ask of the application's database (M24, M25). pg_read_all_data and
# pg_monitor give the rest: reading tables, the archiver's queue.
BACKUP_FUNCTIONS = (
    "pg_switch_wal()",
    "pg_create_restore_point(text)",
    # A replica is paused at the LSN whose checksums a restore is compared with.
    "pg_wal_replay_pause()",
    "pg_wal_replay_resume()",
    "pg_get_wal_replay_pause_state()",
    # A segment that no repository has is read from the member that still keeps it.
    "pg_read_binary_file(text)",
    "pg_read_binary_file(text, bigint, bigint, boolean)",
)
HEARTBEAT = """
CREATE TABLE IF NOT EXISTS holdfast.heartbeat (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lsn pg_lsn NOT NULL DEFAULT pg_current_wal_insert_lsn()
)
"""

# How far each ascending sequence has come. Runs as its owner, a superuser: monitoring reads no
# sequence and no table.
SEQUENCE_USE = """
CREATE OR REPLACE FUNCTION holdfast.sequence_use()
RETURNS TABLE (sequence text, used_ratio double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT schemaname || '.' || sequencename,
         (last_value::float8 - min_value) / nullif(max_value::float8 - min_value, 0)
  FROM pg_catalog.pg_sequences
  WHERE last_value IS NOT NULL AND increment_by > 0 AND NOT cycle
$$
"""


def connect(facts: dict, database: str) -> Connection:
    """A superuser's autocommit connection to the leader."""
    connection = psycopg2.connect(
        host=",".join(entry["host"] for entry in facts["hosts"]),
        port=",".join(str(entry.get("port", 5432)) for entry in facts["hosts"]),
        user="postgres",
        password=facts["superuserPassword"],
        dbname=database,
        target_session_attrs="read-write",
        connect_timeout=2,
        application_name="holdfast-roles",
        options=QUIET,
    )
    connection.autocommit = True
    return connection


def wait_for_leader(facts: dict) -> Connection:
    """Tries until the leader takes a connection; ends the program after `timeoutSeconds`."""
    seconds = float(facts.get("timeoutSeconds", 120))
    end = time.monotonic() + seconds
    while True:
        try:
            return connect(facts, "postgres")
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                sys.exit("holdfast-roles: the superuser's password is wrong")
            if time.monotonic() > end:
                text = str(error).strip().splitlines()[-1]
                sys.exit(f"holdfast-roles: no leader after {seconds:.0f} s: {text}")
            time.sleep(0.5)


def one(connection: Connection, text: object, values: tuple = ()) -> object:
    """The first column of the first row, None without one."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def run(connection: Connection, text: object) -> None:
    """A statement without a result."""
    with connection.cursor() as cursor:
        cursor.execute(text)


def ensure_role(connection: Connection, name: str, password: str) -> None:
    """A role that may log in with this password and is nothing more."""
    role = sql.Identifier(name)
    if one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)) is None:
        run(connection, sql.SQL("CREATE ROLE {} LOGIN").format(role))
        print(f"role {name} created")
    present = one(connection, "SELECT rolpassword FROM pg_authid WHERE rolname = %s", (name,))
    if not verifies(password, present):
        verifier = encrypt_password(password, name, connection, "scram-sha-256")
        run(connection, sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(verifier)))
        print(f"password of {name} set")
    run(connection, sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOREPLICATION").format(role))


def ensure_database(connection: Connection, database: str, owner: str) -> None:
    """The database, its owner's, closed to everyone else."""
    name, role = sql.Identifier(database), sql.Identifier(owner)
    if one(connection, "SELECT 1 FROM pg_database WHERE datname = %s", (database,)) is None:
        run(connection, sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))
        print(f"database {database} created")
    run(connection, sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, role))
    run(connection, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for other in ("monitor", "backup", "pgbouncer"):
        grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        run(connection, grant.format(name, sql.Identifier(other)))


def ensure_lookup(connection: Connection) -> None:
    """The pooler's auth_query in this database."""
    run(connection, "CREATE SCHEMA IF NOT EXISTS pgbouncer")
    run(connection, "REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC")
    run(connection, "GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer")
    run(connection, GET_AUTH)
    run(connection, "REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC")
    run(connection, "GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO pgbouncer")


def backup_statements() -> list[str]:
    """What role backup gets in the application's database, in order. Each may be repeated."""
    return [
        "CREATE SCHEMA IF NOT EXISTS holdfast AUTHORIZATION backup",
        "ALTER SCHEMA holdfast OWNER TO backup",
        "REVOKE ALL ON SCHEMA holdfast FROM PUBLIC",
        "GRANT USAGE ON SCHEMA holdfast TO monitor",
        HEARTBEAT,
        "ALTER TABLE holdfast.heartbeat OWNER TO backup",
        "REVOKE ALL ON holdfast.heartbeat FROM PUBLIC",
        "GRANT SELECT ON holdfast.heartbeat TO monitor",
        SEQUENCE_USE,
        "REVOKE ALL ON FUNCTION holdfast.sequence_use() FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION holdfast.sequence_use() TO monitor",
        *backup_grants(),
    ]


def monitor_statements() -> list[str]:
    """What role monitor gets in the application's database, once its schema is there."""
    return [
        SEQUENCE_USE,
        "REVOKE ALL ON FUNCTION holdfast.sequence_use() FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION holdfast.sequence_use() TO monitor",
    ]


def backup_grants() -> list[str]:
    """What role backup may call; rights on functions are each database's own."""
    return [f"GRANT EXECUTE ON FUNCTION {name} TO backup" for name in BACKUP_FUNCTIONS]


def main() -> None:
    facts = json.load(sys.stdin)
    passwords = facts["roles"]
    names = {"application": facts["owner"]}
    connection = wait_for_leader(facts)
    # Two runs at once would trip over each other: one waits for the other.
    run(connection, "SELECT pg_advisory_lock(hashtext('holdfast-roles'))")
    for purpose, password in passwords.items():
        ensure_role(connection, names.get(purpose, purpose), password)
    run(connection, "GRANT pg_monitor TO monitor")
    run(connection, "GRANT pg_read_all_data, pg_checkpoint, pg_monitor TO backup")
    ensure_database(connection, facts["database"], facts["owner"])
    for database in ("postgres", facts["database"]):
        inner = connect(facts, database)
        try:
            run(inner, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            ensure_lookup(inner)
            if database != "postgres":
                owner = sql.Identifier(facts["owner"])
                run(inner, sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner))
                run(inner, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            # A mark pauses replay from database postgres, which every cluster has.
            own = database != "postgres"
            for statement in backup_statements() + monitor_statements() if own else backup_grants():
                run(inner, statement)
        finally:
            inner.close()
    connection.close()
    print("roles and database are as asked for")


if __name__ == "__main__":
    try:
        main()
    except (KeyError, ValueError) as error:
        sys.exit(f"holdfast-roles: the facts on standard input are not complete: {error}")
    except psycopg2.Error as error:
        sys.exit(f"holdfast-roles: {str(error).strip()}")
