"""What a database error says: a dead connection, a database that is away, or a real mistake."""

import re

from django.db import InterfaceError, OperationalError

# SQLSTATEs after which a connection is not used again:
# 25006 read_only_sql_transaction: a leader that became a replica. The connection itself works, so
#       a pre-ping (CONN_HEALTH_CHECKS) finds nothing, for ever: only closing it helps.
# 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now, 57P05 idle_session_timeout.
# 08... connection exceptions; PgBouncer answers with 08P01 whatever it has to say.
DEAD = re.compile(r"25006|57P0[1235]|08...")
# Nothing is wrong with the statement either, but another connection would not help now.
TOO_MANY_CONNECTIONS = "53300"
# On a replica: the statement, or its session, stood in the way of replay (ERROR or FATAL).
CONFLICT = "40001"

# How an error may go on. The names are the `kind` of the metrics.
READ_ONLY, SHUTDOWN, CONNECTION, CONFLICTED = "read_only", "shutdown", "connection", "conflict"
FULL, WAITING = "full", "waiting"
REPEATABLE = frozenset((READ_ONLY, SHUTDOWN, CONNECTION, CONFLICTED))


class Demoted(OperationalError):
    """The connection to the leader reached a server that replays: a leader that leads no more."""


class TooManyWaiting(OperationalError):
    """Enough requests of this process wait for the leader already. Nothing was sent to it."""


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a Django database error; None when no server has answered."""
    return getattr(error.__cause__, "sqlstate", None)


def kind(error: BaseException, *, on_replica: bool = False) -> str | None:
    """What sort of "not now" it is; None when the statement itself was wrong."""
    if isinstance(error, TooManyWaiting):
        return WAITING
    if isinstance(error, Demoted):
        return READ_ONLY
    if not isinstance(error, OperationalError | InterfaceError) and sqlstate(error) is None:
        return None
    return _kind_of(sqlstate(error), on_replica)


def _kind_of(state: str | None, on_replica: bool) -> str | None:
    if state == TOO_MANY_CONNECTIONS:
        return FULL
    if state == CONFLICT:
        return CONFLICTED if on_replica else None
    # Without a SQLSTATE no server has answered: there was no connection, or it broke.
    if state is None:
        return CONNECTION
    if not DEAD.fullmatch(state):
        return None
    return READ_ONLY if state == "25006" else SHUTDOWN if state[:2] == "57" else CONNECTION


def is_dead(error: BaseException) -> bool:
    """Whether the connection that gave this error is of no further use."""
    return kind(error) in (READ_ONLY, SHUTDOWN, CONNECTION)
