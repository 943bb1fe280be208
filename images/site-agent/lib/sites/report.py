"""What the agent tells: the status, its page for the other site, its metrics. Pure but for reading."""

import time
from dataclasses import asdict

from sites.agent import Agent
from sites.lsn import text
from sites.state import ROLES


def status(agent: Agent) -> dict:
    """The whole status, as `holdfast-site status` answers it."""
    state, cluster = agent.state, agent.cluster
    lead = cluster.leader
    lag_bytes, lag_seconds = lag(agent)
    witness = None
    if agent.witness is not None:
        seen = agent.seen
        witness = {
            "reachable": seen is not None,
            "holder": seen.holder if seen else None,
            "epoch": seen.epoch if seen else None,
        }
    other = agent.peer.last()
    return {
        **asdict(state),
        "leader": lead.name if lead else None,
        "leaderRole": lead.role if lead else None,
        "timeline": lead.timeline if lead else 0,
        "position": text(lead.position) if lead and lead.position else None,
        # The token of a drained site; else where its leader is.
        "lsn": state.lsn or (text(lead.position) if lead and lead.position else None),
        "streaming": bool(lead and lead.replication == "streaming"),
        "lagBytes": lag_bytes,
        "lagSeconds": lag_seconds,
        "witness": witness,
        "replicas": cluster.replicas,
        "enforced": agent.enforced,
        "writes": agent.write_seconds() != 0.0 and cluster.primary is not None,
        "other": None
        if other is None
        else {
            "site": other.site, "role": other.role, "epoch": other.epoch, "active": other.active,
            "reachable": agent.peer.now() is not None,
            "secondsAgo": round(time.monotonic() - other.at, 1),
        },
    }  # fmt: skip


def lag(agent: Agent) -> tuple[int | None, float | None]:
    """How far this standby is behind the other site: bytes of WAL, and seconds of transactions.

    While the other site is silent: at the moment of its last word, which is what its loss would cost.
    """
    lead, other = agent.cluster.leader, agent.peer.last()
    if agent.state.role != "standby" or lead is None:
        return None, None
    have = max(lead.received, lead.position)
    behind = None if other is None or other.lsn is None else max(0, other.lsn - have)
    if behind == 0:
        return 0, 0.0
    if lead.replayed_at is None:
        return behind, None
    since = 0.0 if other is None else max(0.0, agent.monotonic() - other.at - 4.0)
    return behind, round(max(0.0, agent.wall() - since - lead.replayed_at), 1)


def lag_at_most(agent: Agent) -> float | None:
    """The same while the other site may go on writing unheard: up to this moment."""
    _, seconds = lag(agent)
    lead = agent.cluster.leader
    if agent.state.role != "standby" or agent.peer.now() is not None or lead is None:
        return seconds
    if lead.replayed_at is None:
        return seconds
    return round(max(seconds or 0.0, agent.wall() - lead.replayed_at), 1)


def for_peer(agent: Agent) -> dict:
    """What the other site is told."""
    lead = agent.cluster.leader
    return {
        "site": agent.state.site,
        "role": agent.state.role,
        "epoch": agent.state.epoch,
        "active": agent.state.active,
        "position": lead.position if lead else 0,
        "forks": agent.forks,
    }


def gate(agent: Agent) -> dict:
    """What this site's members and poolers are told. `seconds` None: without an end."""
    seconds = agent.write_seconds()
    return {
        "role": agent.state.role,
        "epoch": agent.state.epoch,
        "start": agent.may_start(),
        "writes": seconds is None or seconds > 0,
        "seconds": seconds,
        "config": {name: value for name, value in agent.want().items() if value is not None},
    }


def metrics(agent: Agent) -> str:
    """Prometheus' text format. Lags are absent where they are not known."""
    now = status(agent)
    lines: list[str] = []

    def add(name: str, help_text: str, rows: list[tuple[str, object]]) -> None:
        lines.append(f"# HELP holdfast_site_{name} {help_text}")
        lines.append(f"# TYPE holdfast_site_{name} gauge")
        lines.extend(f"holdfast_site_{name}{labels} {value}" for labels, value in rows)

    state = agent.state
    add("role", "1 for the role that this site has.",
        [(f'{{role="{role}"}}', int(role == state.role)) for role in ROLES])  # fmt: skip
    add("active", "1 while this site is the active one.", [("", int(state.role == "active"))])
    add("epoch", "Epoch of the last decision.", [("", state.epoch)])
    add("streaming", "1 while the head of a standby site streams.", [("", int(now["streaming"]))])
    add("writes", "1 while this site takes writes.", [("", int(now["writes"]))])
    add("enforced", "1 when Patroni's configuration is that of the role.", [("", int(agent.enforced))])
    add("peer_up", "1 when the other site answers over the link.", [("", int(agent.peer.answers))])
    if now["lagBytes"] is not None:
        add("lag_bytes", "WAL that the other site has and this standby has not.",
            [("", now["lagBytes"])])  # fmt: skip
    age = lag_at_most(agent)
    if age is not None:
        add("lag_seconds", "What a loss of the other site at this moment may cost.", [("", age)])
    if agent.witness is not None:
        add("witness_up", "1 when the witness answers.", [("", int(agent.seen is not None))])
    return "\n".join(lines) + "\n"
