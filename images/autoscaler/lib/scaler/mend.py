"""Which failing instances to start anew. No I/O; time is handed in.

An instance fails when the edge has had it down for longer than it may take to start, or, where the
edge does not answer, when Docker's own health check says so. One whose process died is not ours:
Docker starts it again. All of them at once is not theirs: something that all of them need is away,
and starting them anew would only add to it. /healthz answers also then (it never waits for the
database), so only where neither the edge nor Docker gets any answer from any of them do they hang.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from scaler.edge import Server
from scaler.instances import Instance

# The edge sees a hung instance after 2 s. A slow moment (a full garbage collection, a disk that
# stalls) is over by then; a restart takes some 5 s, so waiting longer costs more than it saves.
DOWN_SECONDS = 10.0
# The start period of the container's own health check.
START_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0
# Well for so long: what was before is forgotten.
FORGIVEN_SECONDS = 300.0
# HAProxy's words for a check without any answer: the instance hangs.
NO_ANSWER = frozenset({"L4TOUT", "L7TOUT"})


@dataclass
class Record:
    """What is remembered of one instance's container."""

    id: str
    down_since: float | None = None
    up_since: float | None = None
    tries: int = 0
    not_before: float = 0.0


@dataclass(frozen=True)
class Judgement:
    """failing: no traffic for too long. mend: of these, to be started anew now. held: why none is,
    or ""."""

    failing: tuple[int, ...]
    mend: tuple[int, ...]
    held: str = ""


@dataclass
class Mender:
    """Remembers how long each has been down and how often it was started anew."""

    records: dict[int, Record] = field(default_factory=dict)

    def judge(
        self,
        now: float,
        instances: Mapping[int, Instance],
        servers: Mapping[int, Server] | None,
        busy: Mapping[int, str] | None = None,
        hold: str = "",
    ) -> Judgement:
        """`servers` is None where the edge does not answer. `busy`: number -> what is being done
        to it. `hold`: why nothing may be mended."""
        busy = busy or {}
        self._observe(now, instances, servers, busy)
        settled = [
            n for n, one in instances.items() if one.occupied and n not in busy and not _young(one)
        ]
        failing = sorted(n for n in settled if self._down_for(now, n) >= DOWN_SECONDS)
        if not failing:
            return Judgement((), ())
        # Those that went down a moment ago count: one fault of all is not seen by all at once.
        all_down = all(self._down_for(now, n) > 0 or n in failing for n in settled)
        if all_down and not all(_hangs(instances[n], servers) for n in settled):
            whose = "what they need, not they themselves, is at fault"
            return Judgement(tuple(failing), (), f"all {len(settled)} fail at once: {whose}")
        if hold:
            return Judgement(tuple(failing), (), hold)
        # A quarter of them at once, at least one; those being seen to count.
        mending = sum(1 for what in busy.values() if what == "mend")
        room = max(1, len(settled) // 4) - mending
        due = [n for n in failing if now >= self.records[n].not_before]
        held = "" if due else "started anew already; the pauses grow"
        return Judgement(tuple(failing), tuple(due[: max(0, room)]), held)

    def mended(self, now: float, number: int) -> None:
        """Counts a try: the next one comes after a pause that doubles."""
        record = self.records[number]
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**record.tries)
        record.tries += 1
        record.not_before = now + START_SECONDS + pause
        record.down_since = None

    def tries(self, number: int) -> int:
        record = self.records.get(number)
        return record.tries if record else 0

    def _observe(
        self, now: float, instances: Mapping[int, Instance], servers: Mapping[int, Server] | None,
        busy: Collection[int],
    ) -> None:  # fmt: skip
        for number, one in instances.items():
            record = self.records.get(number)
            if record is None or record.id != one.id:
                # A new container: whatever was wrong with the old one, it starts afresh.
                record = self.records[number] = Record(one.id)
            if not one.occupied or number in busy:
                record.down_since = record.up_since = None
            elif _is_down(one, servers):
                record.up_since = None
                record.down_since = now if record.down_since is None else record.down_since
            else:
                record.down_since = None
                record.up_since = now if record.up_since is None else record.up_since
                if now - record.up_since >= FORGIVEN_SECONDS:
                    record.tries, record.not_before = 0, 0.0
        for number in set(self.records) - set(instances):
            del self.records[number]

    def _down_for(self, now: float, number: int) -> float:
        """Seconds; a moment at least for one that is down."""
        since = self.records[number].down_since
        return 0.0 if since is None else max(1e-6, now - since)


def _young(one: Instance) -> bool:
    """Still on its way up, or being started again by Docker itself."""
    return one.state == "restarting" or (one.age is not None and one.age < START_SECONDS)


def _is_down(one: Instance, servers: Mapping[int, Server] | None) -> bool:
    if servers is None:
        return one.state == "paused" or one.health == "unhealthy"
    # MAINT and DRAIN are somebody's decision, and an unknown slot is nobody's illness.
    server = servers.get(one.number)
    return server is not None and server.status == "DOWN"


def _hangs(one: Instance, servers: Mapping[int, Server] | None) -> bool:
    """No answer at the edge, and by Docker's own check from inside: the way between is not it."""
    silent = servers is not None and one.number in servers
    silent = silent and servers[one.number].check in NO_ANSWER
    return silent and (one.state == "paused" or one.health == "unhealthy")
