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

from routing import replicas
from routing.gate import gate
from routing.position import Position

LEADER = DEFAULT_DB_ALIAS


@dataclass(eq=False)
class Request:
    """One request, or one try of it.

    token: what its visitor must be able to see (tokens.py). new_token: what replaces that.
    careful: the second try; a replica serves only after it has answered a question.
    gated: its use of the leader counts (gate.py).
    repeatable: the view finds by a key what a first try of it may have done.
    block, checked: the transaction on the replicas, and the one in which the token was checked.
    failure, on_replica: the database error that ended it, and where the last one was.
    """

    pinned: bool = False
    token: Position | str | None = None
    careful: bool = False
    gated: bool = False
    wrote: bool = False
    repeatable: bool = False
    aliases: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    new_token: Position | None = None
    block: transaction.Atomic | None = None
    checked: transaction.Atomic | None = None
    failure: Exception | None = None
    on_replica: bool = False

    def uses_leader(self) -> None:
        """@raises TooManyWaiting when enough requests wait for the leader already"""
        if self.gated:
            gate.enter(self)


_current: ContextVar[Request | None] = ContextVar("routing_request", default=None)


def replica_alias() -> str | None:
    """The alias that reads go to: ROUTING_REPLICA, by default "replica"; None without one."""
    alias = getattr(settings, "ROUTING_REPLICA", "replica")
    return alias if alias in settings.DATABASES else None


def current() -> Request | None:
    """The request at hand, None outside of one."""
    return _current.get()


@contextmanager
def request(
    *,
    pinned: bool = False,
    token: Position | str | None = None,
    careful: bool = False,
    gated: bool = False,
) -> Iterator[Request]:
    """Reads inside may go to a replica, until the first write. The middleware opens one a request.

    Around the work of a job or a command it gives those replica reads too.
    """
    opened = Request(pinned=pinned, token=token, careful=careful, gated=gated)
    before = _current.set(opened)
    try:
        yield opened
    finally:
        _current.reset(before)
        gate.leave(opened)
        if alias := replica_alias():
            replicas.close(opened, alias)
        for alias in opened.dead:
            if not connections[alias].in_atomic_block:
                connections[alias].close()


def pin() -> None:
    """From here on, this request reads from the leader."""
    if current := _current.get():
        current.pinned = True


def wrote() -> None:
    """This request wrote. Routing sees the ORM's writes and plain SQL on the leader; say it after
    a function that writes, or COPY."""
    if current := _current.get():
        current.wrote = True


def repeatable() -> None:
    """This request may be tried a second time: by its key the view finds what was done already."""
    if current := _current.get():
        current.repeatable = True


def write_alias() -> str:
    """Where a write goes, and the note that it went."""
    if current := _current.get():
        current.uses_leader()
        current.wrote = True
        current.aliases.add(LEADER)
        if replica := replica_alias():
            replicas.close(current, replica)
    return LEADER


def leader_alias() -> str:
    """The leader, for a read that must go there."""
    if current := _current.get():
        current.uses_leader()
        current.aliases.add(LEADER)
    return LEADER


def read_alias() -> str:
    """Where a read goes now."""
    alias = _read_alias(_current.get(), replica_alias())
    if alias == LEADER:
        return leader_alias()
    if current := _current.get():
        current.aliases.add(alias)
    return alias


def _read_alias(current: Request | None, replica: str | None) -> str:
    if replica is None or current is None:
        return LEADER
    if connections[LEADER].in_atomic_block or current.wrote:
        return LEADER
    return replica if replicas.admit(current, replica) else LEADER


@contextmanager
def reading() -> Iterator[str]:
    """A block of reads in one transaction on one server; gives its alias.

    Behind a pooler, two single reads may meet two replicas, of which the second is further
    behind. Inside this block they cannot. Writes inside go to the leader, outside of the block.
    """
    alias = read_alias()
    current = _current.get()
    # Within the request's own transaction there is nothing to save.
    own = current is not None and current.block is not None and alias != LEADER
    with transaction.atomic(using=alias, savepoint=not own):
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
