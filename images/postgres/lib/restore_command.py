#!/usr/bin/python3
"""What a person or the launcher says to this member about a restore.

usage: holdfast-restore order < order.json   PostgreSQL stops; nothing is changed yet
       holdfast-restore state                where this member is, as JSON
       holdfast-restore go                   the order is carried out
       holdfast-restore cancel               called off: the old data is put back
       holdfast-restore fresh                let an empty member begin an empty database
       holdfast-restore forget               removes the data that a restore moved aside

Exit codes: 0 done or noted; 2 refused, with the reason.
"""

import json
import sys

import restore_data as data
import restore_files as files
from facts import fact
from restore_order import OrderFault, parse

# Once `go` was said, these are work that another order must not cut short.
UNDER_WAY = ("clearing", "aside", "restoring", "recovering", "awaiting", "cloning")


def order() -> str:
    """Takes an order from standard input."""
    try:
        wanted = parse(json.load(sys.stdin))
    except ValueError as error:
        raise OrderFault(f"standard input holds no JSON: {error}") from error
    member = fact("MEMBER")
    if member not in wanted.members:
        raise OrderFault(f"{member} is none of its members")
    present, state = files.read(files.ORDER), files.read(files.STATE)
    if present and present.get("id") != wanted.id and state.get("phase") in UNDER_WAY:
        raise OrderFault(f"{member} carries out order {present.get('id')}: {state.get('phase')}")
    if present.get("id") != wanted.id:
        files.remove(files.GO, files.CANCEL)
    files.write(files.ORDER, wanted.given)
    return f"{member} has the order {wanted.id}"


def state() -> str:
    """JSON for the launcher; see MemberState in commands/restore/types.ts."""
    found, present = files.read(files.STATE), files.read(files.ORDER)
    # An order that the supervisor has not seen yet has no phase of its own.
    fresh = present and present.get("id") != found.get("id")
    return json.dumps(
        {
            "member": fact("MEMBER"),
            "phase": "stopping" if fresh else found.get("phase", "none"),
            "detail": "" if fresh else found.get("detail", ""),
            "since": found.get("since") or files.now(),
            "id": present.get("id") or found.get("id"),
            "kept": [{"name": one.name, "bytes": data.size(one)} for one in data.kept()],
            "label": found.get("label"),
            "data": data.control(),
        }
    )


def _note(name: str, done: str) -> str:
    present = files.read(files.ORDER)
    if not present:
        raise OrderFault("there is no order")
    files.write_text(name, str(present.get("id")))
    return done


def fresh() -> str:
    """The next look of an empty member lets it found a database."""
    if not data.is_empty():
        raise OrderFault("there is data here: nothing is to be begun")
    files.write_text(files.FRESH, files.now())
    return "an empty database is begun, whatever backups exist"


def forget() -> str:
    if files.read(files.WORK).get("aside"):
        raise OrderFault("a restore that is not done may put it back: holdfast-restore cancel")
    return f"removed: {', '.join(data.forget()) or 'nothing'}"


ACTIONS = {
    "order": order,
    "state": state,
    "go": lambda: _note(files.GO, "it begins"),
    "cancel": lambda: _note(files.CANCEL, "called off"),
    "fresh": fresh,
    "forget": forget,
}


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in ACTIONS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(ACTIONS[sys.argv[1]]())
    except (OrderFault, OSError) as error:
        print(f"holdfast-restore: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
