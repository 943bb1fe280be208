"""When a client makes its next call. Pure."""

import math

# Of a period: an instant so close to a slot is that slot, whatever rounding made of it.
_TOLERANCE = 1e-6


def next_slot(phase: float, period: float, now: float, not_before: float | None = None) -> float:
    """The first of the instants phase + n * period after `now`, and after `not_before`.

    Slots that passed while a call was held up are gone: nobody bursts afterwards, and the clients
    stay spread over the period as they were.
    """
    after = now if not_before is None else max(now, not_before)
    passed = math.floor((after - phase) / period + _TOLERANCE)
    return phase + (passed + 1) * period
