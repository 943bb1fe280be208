"""What a site may become, and when (M29). Pure; time is handed in."""

from dataclasses import dataclass

from sites.state import ACTIVE, DRAINING, STANDBY, UNCONFIRMED, State, become

# The lease at the witness. Whoever takes over waits for it to end, and for a margin.
LEASE_SECONDS = 20
# A site that could not renew for so long demotes in order: Patroni needs some seconds for that.
DEMOTE_AFTER_SECONDS = 10.0
# From then on the database ends by force, wherever order has not come so far: some seconds before
# the lease does, by the clock of whoever is to end (no clock is compared with another one).
FENCE_AFTER_SECONDS = 16.0
# A witness that has lost its data may have lost a living lease with it: two clocks, and members that
# look twice a second, beyond the lease.
FORGOTTEN_SECONDS = LEASE_SECONDS + 5.0
# A confirmed epoch passes every promotion that was reckoned from the same one: commands/site/view.ts
# promotes with two or three more than the highest that it saw.
CONFIRMED_EPOCHS = 3
# Automatic failover: how long the other site has been silent, beside the lease being gone.
SILENT_SECONDS = 20.0


@dataclass(frozen=True)
class Other:
    """What the other site last said of itself. at: when, by this machine's monotonic clock."""

    site: str
    role: str
    epoch: int
    active: str | None
    at: float
    lsn: int | None = None


@dataclass(frozen=True)
class Seen:
    """What the witness said. holder: the site with the lease, None when it is free."""

    epoch: int
    holder: str | None


def first_look(stored: State | None, remembered: State | None, empty: State) -> State:
    """The state of a starting agent: etcd's, or, where that was lost, the memory's."""
    if stored is None:
        return remembered or empty
    if remembered is not None and remembered.epoch > stored.epoch:
        return remembered
    return stored


def after_start(state: State, primary_runs: bool, etcd_lost: bool, now: float) -> State:
    """A site that starts cold takes no writes until somebody confirms it; a restarted agent of a
    site that goes on changes nothing."""
    if state.role != ACTIVE:
        return state
    if etcd_lost:
        return become(state, UNCONFIRMED, "the site's etcd lost what it knew", now)
    if primary_runs:
        return state
    return become(state, UNCONFIRMED, "the site started cold", now)


def heard(state: State, other: Other | None, empty: bool, now: float) -> State:
    """What the other site's word changes. A higher epoch of an active one always wins.

    Args:
        empty: this site has no database yet, so there is nothing to lose.
    """
    if other is None or other.epoch <= state.epoch:
        return state
    if state.role == ACTIVE and other.role == STANDBY and other.active == state.site:
        # It was told to follow this one by a later word than this one heard.
        return become(state, ACTIVE, state.reason, now, epoch=other.epoch)
    if other.role != ACTIVE or other.active != other.site:
        return state
    said = f"site {other.site} is active with epoch {other.epoch}"
    if state.role == ACTIVE:
        return become(state, UNCONFIRMED, f"{said}, this one had {state.epoch}", now,
                      active=other.site)  # fmt: skip
    if state.role == STANDBY or (not state.known and empty):
        return become(state, STANDBY, said, now, epoch=other.epoch, active=other.site)
    if state.active != other.site:
        # Its data may hold what the other one never got: it follows when a person says so.
        return become(state, state.role, said, now, active=other.site, lsn=state.lsn)
    return state


def asks(state: State, other: Other | None) -> bool:
    """Whether a site that was active has reason to ask the other one for its confirmation (without a
    witness). What was heard is seconds old, so it confirms nothing by itself."""
    return (
        _was_active(state)
        and other is not None
        and other.role == STANDBY
        and other.active == state.site
        and other.epoch >= state.epoch
    )


def confirms(own: State, site: str, epoch: int, now: float) -> State | None:
    """What this site becomes by confirming the other one, which was active with that epoch; None where it
    does not. It is written down before it is said: a failover that has begun meanwhile is refused here
    from then on, or it would make a second active site.

    An answer may be lost, so the same question is confirmed again, each time with a higher epoch.
    """
    follows = own.role == STANDBY and own.active == site and own.known
    if not follows or epoch < 1 or epoch not in (own.epoch, own.confirms):
        return None
    return become(own, STANDBY, f"confirmed that site {site} is active", now,
                  epoch=own.epoch + CONFIRMED_EPOCHS, confirms=epoch)  # fmt: skip


def resumes(state: State, witness: Seen | None) -> bool:
    """Whether a site that was active takes up its lease again (with a witness): nobody has had it since.

    A witness without that epoch has lost it, with a lease that may still be running: then only people
    can say so.
    """
    return (
        _was_active(state)
        and witness is not None
        and witness.epoch == state.epoch
        and witness.holder in (None, state.site)
    )


def _was_active(state: State) -> bool:
    return state.role == UNCONFIRMED and state.known and state.active == state.site


def keeps_lease(state: State, renewed_at: float | None, now: float) -> bool:
    """Whether the lease may be renewed: while the site takes writes, and while it drains. One whose time
    is over is not taken anew; such a site is unconfirmed first, and comes back by resumes()."""
    holds = state.role == ACTIVE or (state.role == DRAINING and state.lsn is None)
    return holds and renewed_at is not None and now - renewed_at < FENCE_AFTER_SECONDS


def lease_lost(state: State, renewed_at: float | None, witness: Seen | None, now: float) -> str:
    """Why an active site with a witness must not go on, or ""."""
    if state.role != ACTIVE:
        return ""
    if witness is not None and witness.epoch > state.epoch:
        return f"the witness knows epoch {witness.epoch}"
    if witness is not None and witness.holder not in (None, state.site):
        return f"site {witness.holder} holds the lease"
    if renewed_at is None or now - renewed_at > DEMOTE_AFTER_SECONDS:
        return f"the lease was not renewed for {DEMOTE_AFTER_SECONDS:.0f} s"
    return ""


def write_seconds(
    state: State, renewed_at: float | None, needs_witness: bool, now: float
) -> float | None:
    """For how long writes are allowed from now on; 0 for not at all, None for as long as it likes."""
    if state.role != ACTIVE:
        return 0.0
    if not needs_witness:
        return None
    if renewed_at is None:
        return 0.0
    return max(0.0, renewed_at + FENCE_AFTER_SECONDS - now)


def takes_over(
    state: State, other: Other | None, witness: Seen | None, free_since: float | None, now: float
) -> bool:
    """Automatic failover: the lease has been free for a margin, and the other site is silent or is
    not active any more. A witness without this site's epoch has lost it, and so proves nothing."""
    if state.role != STANDBY or not state.known or witness is None:
        return False
    if witness.holder is not None or witness.epoch != state.epoch:
        return False
    if free_since is None or now - free_since < 2.0:
        return False
    if other is None:
        return True
    if now - other.at > SILENT_SECONDS:
        return True
    # It answers: it has lost the lease, and knows it.
    return now - other.at < 5 and other.role not in (ACTIVE, DRAINING)
