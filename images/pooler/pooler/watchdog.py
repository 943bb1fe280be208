"""When a PgBouncer that does not answer is to be killed. No I/O; time is handed in."""

from dataclasses import dataclass


@dataclass
class Watchdog:
    """Decides from answers and ticks whether PgBouncer hangs.

    silence_seconds: how long it may give no answer once it has given one.
    start_seconds: how long it may take from its start to its first answer.
    tick_seconds: how often `tick` is meant to be called.
    """

    silence_seconds: float = 2.0
    start_seconds: float = 30.0
    tick_seconds: float = 0.5
    answered: bool = False
    _patience_from: float = 0.0
    _last_tick: float = 0.0

    def started(self, now: float) -> None:
        """PgBouncer was started (again) at `now`."""
        self.answered = False
        self._patience_from = now
        self._last_tick = now

    def answer(self, now: float) -> None:
        """PgBouncer answered at `now`."""
        self.answered = True
        self._patience_from = max(self._patience_from, now)

    def tick(self, now: float) -> bool:
        """True when PgBouncer is to be killed.

        A tick that comes late means this program itself did not run (the container was paused, the
        host was starved), and then PgBouncer did not run either: that time is no silence.
        """
        late = now - self._last_tick - self.tick_seconds
        if late > self.tick_seconds:
            self._patience_from = min(now, self._patience_from + late)
        self._last_tick = now
        return self.silent_for(now) >= (
            self.silence_seconds if self.answered else self.start_seconds
        )

    def silent_for(self, now: float) -> float:
        """Seconds without an answer that count."""
        return max(0.0, now - self._patience_from)
