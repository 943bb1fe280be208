"""The site's state, as it is kept in etcd and in the agent's memory. Pure."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

ACTIVE, STANDBY, UNCONFIRMED, DRAINING = "active", "standby", "unconfirmed", "draining"
ROLES = (ACTIVE, STANDBY, UNCONFIRMED, DRAINING)


@dataclass(frozen=True)
class State:
    """role: what this site is. epoch: of the last decision it knows of, 0 for none at all.

    active: the site that takes writes by that decision. lsn: the last position before writes ended
    here, while it is draining. reason: why it is what it is, for people. confirms: the other site's
    epoch that this standby has confirmed by its own one, 0 for none.
    """

    site: str
    role: str = UNCONFIRMED
    epoch: int = 0
    active: str | None = None
    lsn: str | None = None
    changedAt: str = ""
    reason: str = ""
    confirms: int = 0

    @property
    def known(self) -> bool:
        """Somebody once said what this site is."""
        return self.epoch > 0


def moment(seconds: float) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def become(
    state: State, role: str, reason: str, now: float, *,
    epoch: int | None = None, active: str | None = None, lsn: str | None = None, confirms: int = 0,
) -> State:  # fmt: skip
    """The next state. The epoch never goes back."""
    return replace(
        state,
        role=role,
        epoch=max(state.epoch, state.epoch if epoch is None else epoch),
        active=state.active if active is None else active,
        lsn=lsn,
        changedAt=moment(now),
        reason=reason,
        confirms=confirms,
    )


def to_json(state: State) -> str:
    return json.dumps(asdict(state))


def from_json(text: str | None, site: str) -> State | None:
    """A state, or None for what is none: a foreign value decides nothing."""
    try:
        given = json.loads(text or "")
        state = State(
            site=str(given["site"]),
            role=str(given["role"]),
            epoch=int(given["epoch"]),
            active=_text(given.get("active")),
            lsn=_text(given.get("lsn")),
            changedAt=str(given.get("changedAt") or ""),
            reason=str(given.get("reason") or ""),
            confirms=int(given.get("confirms") or 0),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return state if state.site == site and state.role in ROLES else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
