"""Whether a replica may serve this request, and the transaction in which it does.

A visitor who has just written reads from a replica only if it has replayed that write. Behind a
pooler, two statements of their own may reach two replicas: so the check and the reads after it are
one transaction, which lasts until the request ends or writes.
"""

import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction

from routing import errors, metrics, position, tokens
from routing.tokens import PIN

if TYPE_CHECKING:
    from routing.state import Request

# After a connection to the replicas failed, this process asks the leader for so long: a timeout in
# each request would be worse. ROUTING_AWAY_SECONDS
AWAY_SECONDS = 2

_away_until = 0.0  # time.monotonic()


def admit(current: "Request", alias: str) -> bool:
    """Whether reads may go to the replicas; else the request stays on the leader."""
    connection = connections[alias]
    if _is_only_block(current, alias):
        # A statement failed in it: it would refuse all others.
        if not current.pinned and not connection.needs_rollback:
            return True
        close(current, alias)
    if connection.in_atomic_block:
        return _admit_in_block(current, connection)
    if current.pinned:
        return False
    reason = _reason_against(current) or _open(current, alias)
    if reason is not None:
        metrics.FALLBACKS.labels(reason).inc()
        current.pinned = True
        if reason == "behind":
            _lower_token(current)
    return reason is None


def close(current: "Request", alias: str) -> None:
    """Ends the request's transaction on the replicas, unless somebody's block is inside."""
    if not _is_only_block(current, alias):
        return
    block, current.block, current.checked = current.block, None, None
    try:
        block.__exit__(None, None, None)
    except Error:
        # What was read has been read.
        connections[alias].close()


def _is_only_block(current: "Request", alias: str) -> bool:
    return current.block is not None and connections[alias].atomic_blocks == [current.block]


def _admit_in_block(current: "Request", connection: Any) -> bool:
    """In a block on the replicas that the view itself began: checked at its first read."""
    outermost = connection.atomic_blocks[0]
    if current.token is None or current.checked is outermost:
        return True
    if current.token == PIN or not tokens.is_settled(current.token.timeline):
        return False
    if not position.reached(connection, current.token):
        metrics.FALLBACKS.labels("behind").inc()
        return False
    current.checked = outermost
    return True


def _reason_against(current: "Request") -> str | None:
    """What needs no question to a server."""
    if current.token == PIN:
        return "pin"
    if current.token is not None and not tokens.is_settled(current.token.timeline):
        return "timeline"
    return "away" if time.monotonic() < _away_until else None


def _open(current: "Request", alias: str) -> str | None:
    """Connects; with a token (or in a second try) begins the transaction. None when it is good."""
    global _away_until  # noqa: PLW0603 - one memory a process
    connection = connections[alias]
    try:
        if current.token is None and not current.careful:
            connection.close_if_health_check_failed()
            connection.ensure_connection()
            return None
        block = transaction.atomic(using=alias)
        block.__enter__()
        current.block = current.checked = block
        if position.reached(connection, current.token):
            return None
        close(current, alias)
        return "behind"
    except Error as error:
        dead = errors.is_dead(error)
        if dead:
            connection.close()
        close(current, alias)
        if not dead:
            raise
        _away_until = time.monotonic() + getattr(settings, "ROUTING_AWAY_SECONDS", AWAY_SECONDS)
        return "away"


def _lower_token(current: "Request") -> None:
    """A token beyond the leader itself would keep its visitor there for ever.

    After a restore to an earlier time, or when a failover lost what nobody had acknowledged: then
    the leader's position is all that there is to have seen.
    """
    own = position.leaders(connections[DEFAULT_DB_ALIAS])
    if own.lsn < current.token.lsn:
        current.token = current.new_token = own


def forget() -> None:
    """The replicas are asked again at once."""
    global _away_until  # noqa: PLW0603
    _away_until = 0.0
