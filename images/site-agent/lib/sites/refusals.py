"""Which words of a command come too late, or at the wrong site (M29). Pure."""

from sites.rules import LEASE_SECONDS, Other, Seen
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


def refuse_promotion(state: State, epoch: int, other: Other | None, witness: Seen | None) -> None:
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
            f"holdfast-site promote --epoch {highest + 1}",
        )
    if witness is not None and witness.holder not in (None, state.site):
        raise Refused(
            f"site {witness.holder} holds the lease at the witness",
            f"drain site {witness.holder} and release it, or wait {LEASE_SECONDS} s after its end",
        )


def refuse_activation(state: State, epoch: int, other: Other | None) -> None:
    """Raises Refused unless an unconfirmed site is confirmed with an epoch that nobody has passed."""
    refuse_old(state, epoch)
    if state.role != UNCONFIRMED:
        raise Refused(f"site {state.site} is {state.role}, not unconfirmed", "./holdfast site status")
    if other is not None and other.role == ACTIVE:
        raise Refused(
            f"site {other.site} is active with epoch {other.epoch}", "./holdfast site failback"
        )
    if other is not None and other.epoch > epoch:
        raise Refused(
            f"site {other.site} knows epoch {other.epoch}",
            f"holdfast-site activate --epoch {other.epoch + 1}",
        )
