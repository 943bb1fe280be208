"""Counters for prometheus_client, where the project has it; README.md lists them."""

from typing import Any

try:
    from prometheus_client import Counter
except ImportError:

    class Counter:  # type: ignore[no-redef]
        """Counts nothing."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            pass

        def labels(self, *args: Any, **kwargs: Any) -> "Counter":
            return self

        def inc(self, amount: float = 1) -> None:
            pass


READS = Counter("holdfast_routing_reads_total", "ORM reads in requests, by alias.", ["alias"])
WRITES = Counter("holdfast_routing_writes_total", "ORM writes in requests.")
TOKENS = Counter(
    "holdfast_routing_tokens_total",
    "What a visitor was given after a write: a position, or (it could not be had) a pin.",
    ["kind"],
)
FALLBACKS = Counter(
    "holdfast_routing_fallbacks_total",
    "Requests that read from the leader instead of a replica: it had not replayed the visitor's "
    "write (behind), the leader's timeline is new (timeline), it did not answer (away).",
    ["reason"],
)
RETRIES = Counter(
    "holdfast_routing_retries_total",
    "Requests repeated after an error of this kind, and whether the second try succeeded.",
    ["kind", "succeeded"],
)
AWAY = Counter(
    "holdfast_routing_away_total",
    "Requests answered 503 after an error of this kind (waiting: too many wait already).",
    ["kind"],
)
