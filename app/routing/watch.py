"""Sees what goes over the connections of the two aliases: plain SQL that writes, dead connections.

Django calls an execute wrapper around each statement. It is installed once a connection object
(which outlives its connections), for each thread.
"""

import re
from collections.abc import Callable
from typing import Any

from django.db import Error

from routing import errors, state

# Statements that read, by their first word; anything else writes, or locks, or may.
READS = re.compile(
    r"\s*(SELECT|SHOW|EXPLAIN|VALUES|TABLE|FETCH|MOVE|CLOSE|DECLARE|SET|RESET|BEGIN|START|"
    r"SAVEPOINT|RELEASE|ROLLBACK|COMMIT)\b",
    re.IGNORECASE,
)
LOCKS = re.compile(
    r"\b(FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE|nextval|setval)\b", re.IGNORECASE
)


def writes(sql: str) -> bool:
    """Whether a statement changes something, as far as its text tells."""
    return READS.match(sql) is None or LOCKS.search(sql) is not None


def install(connection: Any, **kwargs: Any) -> None:
    """For each new connection: django.db.backends.signals.connection_created."""
    if connection.alias not in (state.LEADER, state.replica_alias()):
        return
    if watched not in connection.execute_wrappers:
        connection.execute_wrappers.append(watched)
        if connection.alias == state.LEADER:
            _gate_health_check(connection)


def watched(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """The execute wrapper."""
    connection, current = context["connection"], state.current()
    if current and connection.alias == state.LEADER:
        current.uses_leader()
        if not current.wrote and writes(str(sql)):
            state.write_alias()
    try:
        answer = execute(sql, params, many, context)
    except Error as error:
        _note(connection, current, error)
        raise
    if current and connection.alias == state.LEADER:
        state.gate.moved()
    return answer


def _note(connection: Any, current: state.Request | None, error: Error) -> None:
    if current:
        current.on_replica = connection.alias != state.LEADER
        if connection.atomic_blocks == [current.block]:
            connection.set_rollback(True)  # so that the next read begins another transaction
    if not errors.is_dead(error):
        return
    if current:
        current.dead.add(connection.alias)
    # A demoted leader answers every health check: it is closed here, or with its transaction.
    if connection.in_atomic_block:
        connection.close_at = 0.0
    else:
        connection.close()


def _gate_health_check(connection: Any) -> None:
    """CONN_HEALTH_CHECKS asks before the first statement, and would wait for the leader as well."""
    is_usable = connection.is_usable

    def gated() -> bool:
        if current := state.current():
            current.uses_leader()
        return is_usable()

    connection.is_usable = gated
