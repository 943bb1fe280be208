"""When the guard's own loop hangs. No I/O; time is handed in."""

from dataclasses import dataclass


@dataclass
class Silence:
    """Measures how long the loop has said nothing, from its beats and a watcher's ticks.

    limit_seconds: silence that means a hang. Longer than the longest honest step (etcd's timeouts
    over all members: 3 s). tick_seconds: how often `tick` is meant to be called.
    """

    beat_at: float
    limit_seconds: float = 10.0
    tick_seconds: float = 1.0

    def __post_init__(self) -> None:
        self._ticked_at = self.beat_at

    def beat(self, now: float) -> None:
        """The loop turned at `now`."""
        self.beat_at = max(self.beat_at, now)

    def tick(self, now: float) -> bool:
        """True when the loop hangs.

        A tick that comes late means that this whole process did not run (the container was paused,
        the host was starved): that time is no silence of the loop.
        """
        late = now - self._ticked_at - self.tick_seconds
        if late > self.tick_seconds:
            self.beat_at = min(now, self.beat_at + late)
        self._ticked_at = now
        return self.silent_for(now) >= self.limit_seconds

    def silent_for(self, now: float) -> float:
        """Seconds without a beat."""
        return max(0.0, now - self.beat_at)
