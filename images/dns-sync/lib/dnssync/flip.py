"""Points the public names to a site: octoDNS makes it so, then the server is asked. Idempotent."""

import fcntl
import logging
import time
from pathlib import Path

from octodns.manager import Manager

from dnssync import answers
from dnssync.facts import LIVE, Facts
from dnssync.faults import explain
from dnssync.verdict import agreed, told

LOCK = Path("/run/dns-sync/lock")
# A server that took an update answers with it at once; a secondary is notified and transfers within seconds.
# A cloud's own servers take up to a minute, so there a late answer is reported, not a fault.
VERIFY_SECONDS = 10.0
VERIFY_EVERY_SECONDS = 0.1


class FlipError(Exception):
    """problem: what is wrong. next_step: what to do."""

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step


def flip(facts: Facts, site: str) -> dict[str, object]:
    """Makes the names point to `site`. Raises FlipError."""
    if site not in facts.sites:
        known = ", ".join(facts.sites)
        raise FlipError(f"there is no site {site}; the settings have {known}", "name one of these")
    started = time.monotonic()
    with LOCK.open("w") as lock:
        # Two updates at once would read the same old state: the second waits.
        fcntl.flock(lock, fcntl.LOCK_EX)
        changes = _update(facts, site)
        updated = time.monotonic()
        seen = _verify(facts, site)
    done = time.monotonic()
    return {
        "zone": facts.zone,
        "site": site,
        "changes": changes,
        "verified": agreed(facts, seen) == site,
        "updateSeconds": round(updated - started, 3),
        "seconds": round(done - started, 3),
        "answers": told(facts, seen),
    }


def _update(facts: Facts, site: str) -> int:
    """How many records octoDNS changed."""
    # Its plan and progress are no news; its warnings go to stderr.
    logging.basicConfig(level=logging.ERROR, format="octodns: %(name)s: %(message)s")
    try:
        return Manager(str(LIVE / "sites" / site / "octodns.yaml")).sync(dry_run=False)
    except Exception as error:  # noqa: BLE001 - each provider has exceptions of its own
        raise FlipError(*explain(facts, f"{type(error).__name__}: {error}")) from error


def _verify(facts: Facts, site: str) -> list[answers.Answer]:
    """The answers, once they are right or it has taken too long."""
    until = time.monotonic() + VERIFY_SECONDS
    while True:
        seen = answers.ask(facts)
        if agreed(facts, seen) == site or time.monotonic() >= until:
            return seen
        time.sleep(VERIFY_EVERY_SECONDS)
