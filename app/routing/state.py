"""What the router knows about the request at hand.

The state is a context variable: each thread and each asynchronous task has its own. Outside a
request (commands, jobs, the shell) there is none, and everything goes to the leader.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction

LEADER = DEFAULT_DB_ALIAS


@dataclass
class Request:
    """One request: whether it wrote, whether it must read from the leader, what it used."""

    pinned: bool = False
    wrote: bool = False
    aliases: set[str] = field(default_factory=set)


_current: ContextVar[Request | None] = ContextVar("routing_request", default=None)


def replica_alias() -> str | None:
    """The alias that reads go to: ROUTING_REPLICA, by default "replica"; None without one."""
    alias = getattr(settings, "ROUTING_REPLICA", "replica")
    return alias if alias in settings.DATABASES else None


@contextmanager
def request(*, pinned: bool = False) -> Iterator[Request]:
    """Reads inside may go to a replica, until the first write. The middleware opens one a request.

    Around the work of a job or a command it gives those replica reads too.
    """
    current = Request(pinned=pinned)
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)


def pin() -> None:
    """From here on, this request reads from the leader."""
    if current := _current.get():
        current.pinned = True


def wrote() -> None:
    """This request wrote. The router sees the ORM's writes; say it after a write in raw SQL."""
    if current := _current.get():
        current.wrote = True


def write_alias() -> str:
    """Where a write goes, and the note that it went."""
    if current := _current.get():
        current.wrote = True
        current.aliases.add(LEADER)
    return LEADER


def read_alias() -> str:
    """Where a read goes now."""
    current = _current.get()
    alias = _read_alias(current, replica_alias())
    if current:
        current.aliases.add(alias)
    return alias


def _read_alias(current: Request | None, replica: str | None) -> str:
    if replica is None or current is None:
        return LEADER
    if connections[LEADER].in_atomic_block or current.wrote:
        return LEADER
    if connections[replica].in_atomic_block:
        return replica
    return LEADER if current.pinned else replica


@contextmanager
def reading() -> Iterator[str]:
    """A block of reads in one transaction on one server; gives its alias.

    Behind a pooler, two single reads may meet two replicas, of which the second is further
    behind. Inside this block they cannot. Writes inside go to the leader, outside of the block.
    """
    alias = read_alias()
    with transaction.atomic(using=alias):
        yield alias


def find[Found](read: Callable[[str], Found | None]) -> Found | None:
    """What `read` finds in a reading() block; when a replica has it not (yet), what the leader has.

    `read` gets the alias it reads from. After a miss the request stays on the leader.
    """
    with reading() as alias:
        found = read(alias)
    if found is None and alias != LEADER:
        pin()
        with reading() as alias:
            found = read(alias)
    return found
