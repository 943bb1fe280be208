"""The follower's files: facts.json (rendered by Holdfast, live) and databases.ini (written here)."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pooler.routes import Routes

POSTGRES_PORT = 5432


@dataclass(frozen=True)
class Facts:
    """What Holdfast says.

    database: the read-write database's name; the read pool is `<database>_ro`.
    members: addresses of the whole range of members.
    read_lag_limit_bytes: a replica further behind serves no reads.
    """

    database: str
    members: tuple[str, ...]
    read_lag_limit_bytes: int

    @property
    def read_database(self) -> str:
        return f"{self.database}_ro"


def read_facts(path: Path) -> Facts:
    """Raises SystemExit that says what is missing."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        return Facts(given["database"], tuple(given["members"]), int(given["readLagLimitBytes"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"holdfast-pooler: {path} cannot be used: {error!r}") from error


def quote(value: str) -> str:
    """A value as PgBouncer's connection strings want it: in single quotes, quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def key(name: str) -> str:
    """A database's name as a key of [databases]: PgBouncer takes quotes only where it needs them."""
    plain = re.fullmatch(r"[A-Za-z0-9_.-]+", name)
    return name if plain else '"' + name.replace('"', '""') + '"'


def render(facts: Facts, routes: Routes) -> str:
    """databases.ini. Without a leader the first member stands there, and nobody is let through."""
    leader = routes.leader or facts.members[0]
    readers = ",".join(routes.readers or (leader,))
    name = quote(facts.database)
    return (
        "; Written by holdfast-pooler: follows the leader.\n"
        "[databases]\n"
        f"{key(facts.database)} = host={leader} port={POSTGRES_PORT} dbname={name}\n"
        f"{key(facts.read_database)} = host={readers} port={POSTGRES_PORT} dbname={name}\n"
    )
