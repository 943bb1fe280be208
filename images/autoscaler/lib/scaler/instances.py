"""Which containers to start and to stop so that as many run as planned. No I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

# Docker's states in which an instance's place is taken: `restarting` is its own policy at work.
OCCUPIED = frozenset({"running", "paused", "restarting"})
# Not `created`: Pulumi makes a container, puts its secrets in, and then starts it. Who started it
# between would start it without them.
STARTABLE = frozenset({"exited"})


@dataclass(frozen=True)
class Instance:
    """A container of the application tier, from Docker's list."""

    number: int
    id: str
    state: str
    # Docker's health check: healthy, unhealthy, starting, or "" for none.
    health: str = ""
    # Seconds since its process started; None for a minute or more, or unknown.
    age: float | None = None

    @property
    def occupied(self) -> bool:
        return self.state in OCCUPIED

    @property
    def settled(self) -> bool:
        """A minute old, and well by Docker's own check: whoever started it (Pulumi, in an update
        that nobody announced) waits for that, and would fail if it were stopped before."""
        return self.age is None and self.health in ("healthy", "")


@dataclass(frozen=True)
class Moves:
    start: tuple[int, ...]
    stop: tuple[int, ...]


def moves(
    instances: Mapping[int, Instance], planned: int, minimum: int,
    busy: Mapping[int, str], troubled: Collection[int], ready: Collection[int],
) -> Moves:  # fmt: skip
    """What to start and stop now.

    Those that fail (`troubled`) do not count: a spare takes their place for as long as there is one.
    One is stopped only when it is settled, and when as many as planned are `ready` without it, so
    whoever still starts replaces nobody yet. Instances 1 to `minimum` are never stopped (Pulumi declares that they run),
    and a `busy` one (number -> start, stop or mend) is left alone: it is being seen to already.
    """
    coming = {number for number, what in busy.items() if what == "start"}
    leaving = {number for number, what in busy.items() if what != "start"}
    running = {one.number for one in instances.values() if one.occupied}
    serving = (running | coming) - leaving - set(troubled)
    startable = sorted(
        (one for one in instances.values() if one.state in STARTABLE and one.number not in busy),
        # One that always runs first, then those that gave no trouble.
        key=lambda one: (one.number > minimum, one.number in troubled, one.number),
    )
    # One that always runs is started whatever the rest does: it was stopped by hand, or killed.
    due = [one.number for one in startable if one.number <= minimum]
    more = [one.number for one in startable if one.number > minimum]
    start = due + more[: max(0, planned - len(serving) - len(due))]
    spare = max(0, len(serving & set(ready)) - planned)
    stoppable = sorted(
        (n for n in serving - coming if n > minimum and instances[n].settled), reverse=True
    )
    stop = [number for number in stoppable if number in ready][:spare]
    if len(serving & set(ready)) >= planned:
        # Enough serve: one that fails and is not needed is not worth mending.
        stop += sorted(n for n in (running & set(troubled)) - set(busy) if n > minimum)
    return Moves(tuple(start), tuple(stop))


def missing(instances: Mapping[int, Instance], maximum: int) -> list[int]:
    """Declared instances without a container: Pulumi's to make, ours to report."""
    return [number for number in range(1, maximum + 1) if number not in instances]
