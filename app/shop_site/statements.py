"""Names the request in each of its statements: PostgreSQL's log of slow ones then says whose it was.

A comment goes with the statement through any pooler; a session's application_name would stay
behind on a server connection that the next client gets. pg_stat_statements ignores it: the same
statement of two requests is one entry.
"""

from collections.abc import Callable
from typing import Any

from shop_site import logs


def install(connection: Any, **kwargs: Any) -> None:
    """For each new connection: django.db.backends.signals.connection_created."""
    if named not in connection.execute_wrappers:
        # Behind those that look at the statement: what they see is the application's own text.
        connection.execute_wrappers.append(named)


def named(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """The execute wrapper. The id is letters, digits and ._- alone (requests.py)."""
    request_id = logs.request_id.get()
    if request_id and isinstance(sql, str):
        sql = f"{sql} /*request={request_id}*/"
    return execute(sql, params, many, context)
