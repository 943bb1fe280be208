"""`holdfast-backups`: asks both repositories at once and prints what they hold and are worth."""

from __future__ import annotations

import json
import time

from backup import listing, paths, state
from backup.settings import Settings

from . import archive, inventory, records, remembered, sources
from .inventory import Inventory
from .overview import overview

# Beyond it the list is of what was known last, and says so.
ANSWER_SECONDS = 12.0
# `./holdfast status` looks often and at many things: what the metrics page asked last is enough.
KNOWN_SECONDS = 90.0


def show(settings: Settings, as_json: bool, whole: bool) -> int:
    """Prints the table, the rows (`as_json`) or rows and states (`whole`); returns the code."""
    held = _inventories(settings, KNOWN_SECONDS if whole else 0.0)
    report = archive.load(paths.ARCHIVE_FACTS)
    proofs = sources.Drills().proofs()
    refuted = records.condemned(sources.owed())
    condemned = refuted | remembered.damaged(state.load(paths.STATE))
    listed = listing.rows(held, report, proofs, condemned)
    now = time.time()
    views = [overview(one, report, proofs, now) for one in held]
    if whole:
        print(json.dumps({"backups": listed, "repositories": listing.states(views, now)}))
    else:
        print(json.dumps(listed) if as_json else listing.text(listed, views, now))
    return 0


def _inventories(settings: Settings, known_seconds: float) -> list[Inventory]:
    """Every repository; asked anew where what is known is older than `known_seconds`."""
    folder = sources.INVENTORIES
    known = [inventory.load(folder, name) for name in settings.repositories]
    answers = [
        (lambda one=one: one)
        if one.asked is not None and time.time() - one.asked < known_seconds
        else inventory.ask_within(
            ANSWER_SECONDS, one.repository, sources.questions(settings, one.repository), one
        )
        for one in known
    ]
    found = [answer() for answer in answers]
    for one in found:
        try:
            inventory.save(folder, one)
        except OSError:
            # For the next look only.
            pass
    return found
