"""The archive's threads in the backup container: shipping, heartbeat, a look at the members.

`start` is all that the supervisor calls. No thread ends by an error: it says so once and goes on.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable

from backup import cluster, paths
from backup.cluster import Member
from backup.errors import BackupError, NotReady
from backup.settings import Settings
from engine import open_engine
from engine.types import Engine

from . import facts, queue, rescue
from .heartbeat import Heart
from .ship import Shipper

SHIP_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
MEMBERS_SECONDS = 5.0
REPORT_SECONDS = 3.0
# Where segments pause between two repositories: tmpfs, 16 MiB for each that is under way.
SCRATCH = paths.RUNTIME / "archive"
HEARTBEATS = paths.REPOSITORY / "heartbeats"


def log(text: str) -> None:
    """One line on the container's log."""
    print(f"holdfast-archive: {text}", file=sys.stderr, flush=True)


class Changes:
    """Says a state when it is another one than before; the empty state is said as `good`."""

    def __init__(self, good: str, say: Callable[[str], None] = log) -> None:
        self._good, self._say, self._state = good, say, ""

    def state(self, text: str) -> None:
        """Takes note of the state now."""
        if text != self._state:
            self._state = text
            self._say(text or self._good)


class Service:
    """What the threads share. Each attribute has one writer."""

    def __init__(self, settings: Callable[[], Settings | None]) -> None:
        self._settings = settings
        self._members: list[Member] = []
        self._queues: dict[str, int] = {}
        self._engine: Engine | None = None
        self._engine_of: Settings | None = None
        self._wake = threading.Event()
        self._watched = threading.Event()
        self._reported = 0.0
        self._heart = Heart(self._leader, HEARTBEATS)
        self._beating = Changes("heartbeats are written")
        self._watching = Changes("the cluster has a leader")
        shutil.rmtree(SCRATCH, ignore_errors=True)
        self._shipper = Shipper(
            SCRATCH,
            self._read,
            lambda: self._members,
            log,
            wake=self._wake.set,
            running=lambda: self._heart.system,
        )

    def ship(self) -> None:
        """One round of shipping, and the report when it is due."""
        settings = self._settings()
        if settings is None:
            return
        if self._engine is None or self._engine_of is not settings:
            self._engine, self._engine_of = open_engine(settings), settings
        self._shipper.tick(self._engine)
        now = time.time()
        if now - self._reported < REPORT_SECONDS:
            return
        limit = settings.archive_queue_segments
        content = facts.report(
            self._shipper,
            self._heart.ring,
            now,
            queues=self._queues,
            queue_limit=limit,
            skew=self._heart.skew,
        )
        facts.write(paths.ARCHIVE_FACTS, content)
        facts.write_owed(paths.BACKUP_OWED, self._shipper.owed)
        self._reported = now

    def rest(self) -> None:
        """Until something has ended, or a second."""
        self._wake.wait(SHIP_SECONDS)
        self._wake.clear()

    def beat(self) -> None:
        """One heartbeat."""
        settings = self._settings()
        if settings is None:
            return
        # At the start the first look at the members takes a moment.
        self._watched.wait(cluster.ANSWER_SECONDS * 2)
        self._beating.state(self._heart.beat(settings.databases[0]))

    def watch(self) -> None:
        """Who is in the cluster, and how much WAL waits on each."""
        settings = self._settings()
        if settings is None:
            return
        try:
            self._members = cluster.members(settings.nodes)
        except NotReady as error:
            self._members, self._queues = [], {}
            self._watching.state(str(error))
            return
        finally:
            self._watched.set()
        self._watching.state("")
        self._queues = queue.lengths(self._members, settings.databases[0])

    def _leader(self) -> Member | None:
        return next((member for member in self._members if member.leader), None)

    def _read(self, member: Member, name: str) -> bytes:
        settings = self._settings()
        if settings is None:
            raise rescue.NotThere("no settings")
        return rescue.read(member, settings.databases[0], name)


def forever(
    name: str,
    work: Callable[[], None],
    rest: Callable[[], None],
    say: Callable[[str], None] = log,
) -> None:
    """Works and rests until the process ends, whatever `work` raises."""
    trouble = Changes(f"{name} goes on", say)
    while True:
        try:
            work()
            trouble.state("")
        except (BackupError, OSError) as error:
            trouble.state(f"{name}: {' '.join(str(error).split())}")
        except Exception:
            trouble.state(f"{name}: {traceback.format_exc().strip()}")
        rest()


def start(settings: Callable[[], Settings | None]) -> None:
    """Starts the threads. `settings`: those in force, None before there are any."""
    service = Service(settings)
    for name, work, rest in (
        ("members", service.watch, lambda: time.sleep(MEMBERS_SECONDS)),
        ("heartbeat", service.beat, lambda: time.sleep(HEARTBEAT_SECONDS)),
        ("shipping", service.ship, service.rest),
    ):
        thread = threading.Thread(
            target=forever, args=(name, work, rest), name=f"archive-{name}", daemon=True
        )
        thread.start()
