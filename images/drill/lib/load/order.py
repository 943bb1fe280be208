"""What the launcher asks for: the first line on stdin. Pure."""

import dataclasses
import json
from urllib.parse import parse_qs, unquote, urlsplit

# Seconds. libpq's asynchronous connects do not know connect_timeout, so the limit is kept here.
DEFAULT_CONNECT_SECONDS = 3.0


class OrderError(ValueError):
    """The first line is not an order; the message says which field, and never a password."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A libpq URL: the hosts to try in turn, and what they have in common."""

    hosts: tuple[tuple[str, int], ...]
    user: str
    password: str = dataclasses.field(repr=False)
    database: str
    connect_seconds: float


@dataclasses.dataclass(frozen=True)
class Crew:
    """Clients of one kind, and how many calls a second they make together."""

    clients: int
    per_second: float

    @property
    def period(self) -> float:
        """Seconds between two calls of one client."""
        return self.clients / self.per_second

    def phase(self, client: int) -> float:
        """The place of client 1, 2 … in the period: all of them together are evenly spread."""
        return self.period * (client - 1) / self.clients


@dataclasses.dataclass(frozen=True)
class Order:
    """A whole load."""

    run: str
    database: Target
    replicas: Target
    page: str
    writers: Crew
    readers: Crew
    pages: Crew
    orders: Crew
    call_seconds: float


def parse_order(line: str) -> Order:
    """The order in one line of JSON. Raises OrderError."""
    try:
        given = json.loads(line)
    except ValueError as error:
        # Without the line itself: it has passwords in it.
        raise OrderError(f"not JSON at column {getattr(error, 'colno', 0)}") from None
    try:
        return Order(
            run=str(given["run"]),
            database=parse_target(given["databaseUrl"]),
            replicas=parse_target(given["readReplicaUrl"]),
            page=str(given["pageUrl"]),
            writers=_crew(given, "writers", "writesPerSecond"),
            readers=_crew(given, "readers", "readsPerSecond"),
            pages=_crew(given, "pages", "pagesPerSecond"),
            orders=_crew(given, "orders", "ordersPerSecond"),
            call_seconds=_positive(given, "callTimeoutSeconds"),
        )
    except KeyError as error:
        raise OrderError(f"{error.args[0]} is missing") from None


def parse_target(url: str) -> Target:
    """A libpq URL of one or several hosts. Raises OrderError."""
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    if parts.scheme not in ("postgresql", "postgres") or not hosts or not user:
        raise OrderError("a database URL must read postgresql://user:password@host:port/name")
    seconds = parse_qs(parts.query).get("connect_timeout", [])
    return Target(
        hosts=tuple(_host(word) for word in hosts.split(",")),
        user=unquote(user),
        password=unquote(password),
        database=unquote(parts.path.lstrip("/")),
        connect_seconds=float(seconds[0]) if seconds else DEFAULT_CONNECT_SECONDS,
    )


def _host(word: str) -> tuple[str, int]:
    name, _, port = word.partition(":")
    return name, int(port or 5432)


def _crew(given: dict, clients: str, per_second: str) -> Crew:
    count = given[clients]
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise OrderError(f"{clients} must be a whole number from 0")
    return Crew(count, _positive(given, per_second))


def _positive(given: dict, name: str) -> float:
    value = given[name]
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0:
        raise OrderError(f"{name} must be a number above 0")
    return float(value)
