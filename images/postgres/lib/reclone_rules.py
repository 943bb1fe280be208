"""When a replica gives up its data and clones the leader anew. Pure."""

from dataclasses import dataclass

# How long a trouble must have lasted, without any progress, before the leader is asked for a proof.
# A container needs some seconds to start, a walreceiver tries again every five. A PostgreSQL that
# does not start is seldom past hope: a full disk or a short memory must have time to be mended.
PATIENCE = {"not streaming": 30.0, "no database": 15.0, "does not start": 40.0}
# After a try, whatever became of it: doubles up to an hour, and begins anew after two quiet hours.
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
# Free space below this part of the volume explains a PostgreSQL that does not start.
LEAST_FREE = 0.05
# What Patroni says while it works on the data directory.
WORKING = ("creating replica", "starting", "stopping", "restarting")


@dataclass(frozen=True)
class OwnLook:
    """This member, by its Patroni and its own PostgreSQL."""

    state: str
    role: str
    streaming: bool
    # The database system identifier, None when the data directory has none.
    system: str | None
    # Whether the data directory holds anything.
    files: bool
    # A program that mends or copies the data directory runs.
    busy: bool
    # Number of the WAL segment that it must get next, None when it is not known.
    needs: int | None
    # Changes whenever it makes progress.
    replayed: str | None
    # Free part of the volume, 0 to 1.
    free: float


@dataclass(frozen=True)
class LeaderLook:
    """The leader, by its own Patroni and PostgreSQL."""

    name: str
    host: str
    # Its Patroni says that it leads and runs, and its PostgreSQL answered.
    works: bool
    paused: bool = False
    system: str | None = None
    pending_restart: bool = False
    # Number of the oldest WAL segment that it has.
    oldest: int | None = None
    # It streams to this member.
    attached: bool = False
    # This member's slot exists and was given up.
    slot_invalid: bool = False


def trouble_of(own: OwnLook) -> str | None:
    """What keeps this member from being a replica, one of PATIENCE's keys; None when nothing."""
    if own.role in ("primary", "standby_leader") or own.streaming or own.busy:
        return None
    if own.state == "running" or (own.state == "starting" and own.needs is not None):
        return "not streaming"
    if own.state in WORKING or own.state.startswith(("initializing", "running")):
        return None
    return "no database" if own.system is None and own.files else "does not start"


def proof(trouble: str, own: OwnLook, leader: LeaderLook) -> str | None:
    """Why this member can never stream from that leader with the data it has; None without a proof.

    Nothing is given up while no leader works, while the leader sees this member stream, or for
    another cluster's leader.
    """
    if not leader.works or leader.paused or leader.attached:
        return None
    if own.system is not None and leader.system != own.system:
        return None
    if trouble == "no database":
        return "the data directory holds no database: a base backup was cut off, or it is damaged"
    if trouble == "not streaming":
        if own.needs is None or leader.oldest is None or own.needs >= leader.oldest:
            return None
        behind = leader.oldest - own.needs
        return f"{leader.name} no longer has the WAL that it needs next, by {behind} segments"
    # The leader runs with the same configuration, so that is not the reason.
    if leader.pending_restart or own.free < LEAST_FREE:
        return None
    return f"PostgreSQL has not started for {PATIENCE[trouble]:.0f} s: its data is damaged"


@dataclass
class Patience:
    """How long one trouble has lasted without progress, and when the next try is allowed."""

    trouble: str | None = None
    progress: object = None
    since: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    last_try: float = float("-inf")
    not_before: float = float("-inf")

    def over(self, own: OwnLook, now: float) -> str | None:
        """The trouble that has lasted long enough; None while there is none."""
        trouble = trouble_of(own)
        progress = (own.needs, own.replayed)
        if trouble != self.trouble or progress != self.progress:
            self.trouble, self.progress, self.since = trouble, progress, now
        if trouble is None or now < self.not_before:
            return None
        return trouble if now - self.since >= PATIENCE[trouble] else None

    def tried(self, now: float) -> None:
        """After a try: the next one later, and later each time."""
        quiet = now - self.last_try > 2 * LONGEST_PAUSE_SECONDS
        self.pause = FIRST_PAUSE_SECONDS if quiet else min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        self.last_try, self.not_before, self.trouble = now, now + self.pause, None
