"""Who is in the cluster right now, asked of Patroni.

pgBackRest waits three minutes for each configured node that does not answer and then fails
(measured). So its list of nodes is not configuration here: it is Patroni's answer of this moment.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .errors import NotReady

REST_PORT = 8008
# A node on the same network answers in milliseconds; an address nobody has never does.
ANSWER_SECONDS = 2
LEADER_ROLES = ("leader", "master", "primary", "standby_leader")


@dataclass(frozen=True)
class Member:
    """One PostgreSQL node that runs."""

    name: str
    host: str
    port: int
    leader: bool
    lag: int
    """Bytes of WAL behind the leader."""
    standby: bool = False
    """Leads a standby cluster: its data is another site's, which archives it and backs it up."""


def parse(text: str) -> list[Member]:
    """The running members in Patroni's GET /cluster answer, leader first, then the least late."""
    body = json.loads(text)
    members = [_member(item) for item in body.get("members", []) if _usable(item)]
    return sorted(members, key=lambda member: (not member.leader, member.lag, member.name))


def _usable(item: dict[str, Any]) -> bool:
    return item.get("state") in ("running", "streaming", "in archive recovery") and "host" in item


def _member(item: dict[str, Any]) -> Member:
    lag = item.get("lag", 0)
    return Member(
        name=str(item["name"]),
        host=str(item["host"]),
        port=int(item.get("port", 5432)),
        leader=item.get("role") in LEADER_ROLES,
        # Patroni writes "unknown" for a replica that never reported.
        lag=lag if isinstance(lag, int) else 2**62,
        standby=item.get("role") == "standby_leader",
    )


def members(nodes: Iterable[str]) -> list[Member]:
    """Asks all nodes at once and believes the answer that knows a leader.

    Raises NotReady when no node answers, none knows a leader, or the site is a standby.
    """
    addresses = list(nodes)
    with ThreadPoolExecutor(max_workers=len(addresses)) as pool:
        answers = [answer for answer in pool.map(_ask, addresses) if answer is not None]
    if not answers:
        raise NotReady("no database node answers on port 8008: waiting for the cluster")
    for answer in answers:
        if answer and answer[0].standby:
            raise NotReady("this site is a standby: the active one archives and is backed up")
        if answer and answer[0].leader:
            return answer
    raise NotReady("the cluster has no leader: waiting for one")


def _ask(address: str) -> list[Member] | None:
    connection = http.client.HTTPConnection(address, REST_PORT, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/cluster")
        return parse(connection.getresponse().read().decode())
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()
