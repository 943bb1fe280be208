"""Long transactions on a leader that is about to hand over: waited for while nobody is paused."""

import time

import psycopg2

from sql import rows

# What is younger ends within the pause: others wait for it no longer than that. Seconds.
LONG_SECONDS = 1.0
POLL_SECONDS = 0.2

QUERY = """
    SELECT {action}, pid, usename, application_name, state,
      round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 1)
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      AND xact_start < clock_timestamp() - interval '{seconds} s'
    ORDER BY xact_start"""


class StillBusy(Exception):
    """A transaction did not end in time; the text names it."""


def transactions(host: str, action: str = "NULL") -> list[str]:
    """Client transactions open for longer than LONG_SECONDS, oldest first, in words.

    Args:
        action: an SQL expression run on each, e.g. `pg_terminate_backend(pid)`.

    Raises StillBusy when the member does not say.
    """
    try:
        found = rows(host, QUERY.format(action=action, seconds=LONG_SECONDS), seconds=2.0)
    except psycopg2.Error as error:
        raise StillBusy(f"{host} does not say what runs there: {str(error).strip()}") from error
    return [
        f"the transaction of {user} ({application or 'no application name'}, {state}, pid {pid}),"
        f" open for {age} s,"
        for _, pid, user, application, state, age in found
    ]


def wait(host: str, seconds: float, cut: bool) -> list[str]:
    """Returns once no long transaction is open. Warnings about those that were ended, if any.

    Args:
        cut: end what is still open after `seconds`, instead of raising StillBusy.
    """
    end = time.monotonic() + seconds
    while open_ones := transactions(host):
        if time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        elif cut:
            return [f"{one} was ended" for one in transactions(host, "pg_terminate_backend(pid)")]
        else:
            raise StillBusy(f"{open_ones[0]} does not end")
    return []
