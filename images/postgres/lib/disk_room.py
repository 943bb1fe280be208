"""A leader whose volume is full hands over to a member that has room.

PostgreSQL answers every write with an error then, and does not crash while it has WAL segments to
reuse: Patroni sees a healthy leader for as long as the disk stays full. Here each member looks at
its own volume. One without room is tagged `nofailover`, so that nobody hands over to it (all members
on one full host disk keep their roles); a leader that runs out of room hands over, and clients wait a
moment. Where nothing at all is left an orderly end is not possible (the checkpoint that it takes ends
in a PANIC): then the container ends as it is, and its next start steps aside (step_aside.py). The tag
goes when there is room again.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from patroni_api import PatroniError, own_status
from step_aside import replica_ready

VOLUME = "/var/lib/postgresql"
CHECK_SECONDS = 1.0
# Two WAL segments: below that the next one may not fit, and the shutdown needs one.
FULL_BYTES = 32 * 1024 * 1024
# No file of any size can be written any more.
NOTHING_BYTES = 1024 * 1024
# A member's tag reaches etcd within a check and two of Patroni's loops (1 to 5 s).
TAG_CHECKS = 6
# Room again, with a margin, so that the tag does not flicker.
ROOM_BYTES = 4 * FULL_BYTES
# Between two tries to hand over. Seconds.
AGAIN_SECONDS = 10.0
HANDOVER_SECONDS = 14.0


@dataclass
class Room:
    """What is known of the volume. No I/O."""

    full: bool = False
    checks: int = 0
    due: float = 0.0

    def look(self, free: int) -> bool:
        """Takes the free bytes in; True when full became room or room full."""
        before = self.full
        self.full = free < (ROOM_BYTES if before else FULL_BYTES)
        self.checks = self.checks + 1 if self.full else 0
        return self.full != before

    def hands_over(self, leads: bool, now: float) -> bool:
        """True when a handover is to be tried now."""
        # Volumes of one host fill up together: whether the others have room is known once their own
        # tags have come round.
        if not self.full or self.checks < TAG_CHECKS or not leads or now < self.due:
            return False
        self.due = now + AGAIN_SECONDS
        return True


def free_bytes(path: str = VOLUME) -> int:
    """What PostgreSQL may still write there; blocks reserved for root do not count."""
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


def leads() -> bool:
    """By this member's own Patroni's word."""
    try:
        return own_status().get("role") == "primary"
    except PatroniError:
        return False


def hand_over() -> str:
    """What became of it. Transactions that do not end fail anyway: they cannot write."""
    command = ["holdfast-handover", "--cut", "--timeout", str(HANDOVER_SECONDS)]
    try:
        done = subprocess.run(
            command, timeout=HANDOVER_SECONDS + 4, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        return "the handover did not end in time"
    return (done.stdout + done.stderr).strip() or f"the handover ended with {done.returncode}"


def act(room: Room, free: int, end: Callable[[], None], log: Callable[[str], None]) -> None:
    """What a full leader does."""
    if not room.hands_over(leads(), time.monotonic()):
        return
    if free >= NOTHING_BYTES:
        log(hand_over())
        return
    replica = replica_ready()
    if replica is None:
        log("nobody with room can take over")
        return
    log(f"nothing is left for an orderly handover: ending here, {replica} can lead")
    end()


def watch(
    tag: Callable[[bool], None], end: Callable[[], None], log: Callable[[str], None]
) -> None:
    """Looks for ever in a thread of its own.

    Args:
        tag: is told when the volume is full, and when it no longer is.
        end: ends the container as it is; Docker starts it again.
    """

    def run() -> None:
        room = Room()
        while True:
            time.sleep(CHECK_SECONDS)
            try:
                free = free_bytes()
                if room.look(free):
                    state = "full" if room.full else "no longer full"
                    log(f"the volume is {state}: {free // 2**20} MiB are free")
                    tag(room.full)
                if room.full:
                    act(room, free, end, log)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - this thread must never end
                log(f"looking at the volume: {error}")

    threading.Thread(target=run, name="disk-room", daemon=True).start()
