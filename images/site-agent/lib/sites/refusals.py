"""Which words of a command come too late, or at the wrong site (M29). Pure."""

from sites.rules import FORGOTTEN_SECONDS, LEASE_SECONDS, Other, Seen
from sites.state import ACTIVE, UNCONFIRMED, State


class Refused(Exception):
    """A verb that must not be carried out. `next` is what to type instead."""

    def __init__(self, text: str, next_step: str) -> None:
        super().__init__(text)
        self.next = next_step


def refuse_old(state: State, epoch: int) -> None:
    """Raises Refused for a word that comes too late."""
    if epoch < state.epoch:
        raise Refused(
            f"epoch {epoch} is older than {state.epoch}, the last one site {state.site} knows of",
            "./holdfast site status",
        )


def refuse_promotion(
    state: State, epoch: int, other: Other | None, witness: Seen | None, verb: str = "promote"
) -> None:
    """Raises Refused unless the epoch is higher than any that was seen and nobody holds the lease."""
    seen = {f"site {state.site}": state.epoch}
    if other is not None:
        seen[f"site {other.site}"] = other.epoch
    if witness is not None:
        seen["the witness"] = witness.epoch
    who, highest = max(seen.items(), key=lambda pair: pair[1])
    if epoch <= highest:
        raise Refused(
            f"epoch {epoch} is not higher than {highest}, which {who} knows",
            f"holdfast-site {verb} --epoch {highest + 1}",
        )
    if witness is not None and witness.holder not in (None, state.site):
        raise Refused(
            f"site {witness.holder} holds the lease at the witness",
            f"drain site {witness.holder} and release it, or wait {LEASE_SECONDS} s after its end",
        )


def refuse_forgotten(state: State, witness: Seen | None, free_seconds: float) -> None:
    """Raises Refused at a witness that has lost its data, until a lease that it lost too has run out."""
    if witness is None or witness.epoch > 0 or not state.known or free_seconds >= FORGOTTEN_SECONDS:
        return
    raise Refused(
        f"the witness knows no epoch: nobody has had its lease for {free_seconds:.0f} s only",
        f"repeat it when that was so for {FORGOTTEN_SECONDS:.0f} s: it may have lost a lease that still runs",
    )


def refuse_activation(
    state: State, epoch: int, other: Other | None, witness: Seen | None
) -> None:
    """Raises Refused unless an unconfirmed site is confirmed with an epoch that nobody has seen."""
    if state.role != UNCONFIRMED:
        refuse_old(state, epoch)
        raise Refused(f"site {state.site} is {state.role}, not unconfirmed", "./holdfast site status")
    if other is not None and other.role == ACTIVE:
        raise Refused(
            f"site {other.site} is active with epoch {other.epoch}", "./holdfast site failback"
        )
    refuse_promotion(state, epoch, other, witness, "activate")
