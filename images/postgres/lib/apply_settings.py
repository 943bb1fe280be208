#!/usr/bin/python3
"""Brings the live files into force (M11), through Patroni, replacing nothing.

usage: holdfast-apply-settings

Compares /etc/holdfast/live with Patroni's dynamic configuration, has PostgreSQL check the values,
sends the difference, waits until every member runs with it, and restarts those that must be: the
replicas one at a time, the leader last by a handover. Says per parameter: reload or restart.
Exit codes: 0 in force (also when nothing differed); 1 refused or not in force, the former values
are back where that was possible; 2 a file is bad; 3 Patroni or etcd cannot be reached.
"""

import json
import sys
import time

import psycopg2

from checks import check_parameters
from dynamic import LEADER_FIRST_WHEN_LOWERED, as_text, difference, read_live, reversal
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, secret
from lock import Lock, LockHeld
from observe import hba, in_force, parameters, pending
from patroni_api import PatroniError, change, cluster, config
from pgconf import ConfigFault
from restarts import RestartFailed, settle

TAKE_SECONDS = 40.0
# Several live files may be written at once, each with a call of its own, and one of them may have to
# restart all members.
PATIENCE_SECONDS = 300.0


class NotTaken(Exception):
    """A member does not run with the new values."""


def members() -> list[dict]:
    """Members that run PostgreSQL; one that is away takes the values when it comes back."""
    state = cluster("127.0.0.1")
    running = [m for m in state["members"] if m.get("state") in ("running", "streaming")]
    for member in state["members"]:
        if member not in running:
            print(f"{member['name']} is {member.get('state')}: it takes the values later")
    return running


def changed_parameters(patch: dict) -> dict[str, str | None]:
    """Name and new value; None resets to the default."""
    return (patch.get("postgresql") or {}).get("parameters") or {}


def wait_taken(patch: dict) -> dict[str, str]:
    """Until every member runs with the patch or waits for a restart. Returns each one's context."""
    wanted = changed_parameters(patch)
    rules = (patch.get("postgresql") or {}).get("pg_hba")
    contexts: dict[str, str] = {}
    for member in members():
        end = time.monotonic() + TAKE_SECONDS
        while fault := member_fault(member["host"], wanted, rules, contexts):
            if time.monotonic() > end:
                raise NotTaken(f"{member['name']}: {fault}")
            time.sleep(0.3)
    return contexts


def member_fault(
    host: str, wanted: dict[str, str | None], rules: list[str] | None, contexts: dict[str, str]
) -> str | None:
    """What is not in force on this member yet, None when all is. NotTaken when it never will be."""
    try:
        if rules is not None:
            lines, faults = hba(host)
            if lines == rules and faults:
                raise NotTaken(f"pg_hba.conf: {'; '.join(faults)}")
            if lines != rules:
                return "pg_hba.conf has not arrived"
        entries = parameters(host, wanted)
        contexts.update({name: entry["context"] for name, entry in entries.items()})
        late = [n for n, value in wanted.items() if not in_force(entries.get(n), value)]
        if late:
            waiting = pending(host) or {}
            late = [n for n in late if n not in waiting]
    except (psycopg2.Error, PatroniError) as error:
        return str(error).strip()
    return f"{', '.join(late)} not in force" if late else None


def describe(present: dict, patch: dict, contexts: dict[str, str]) -> None:
    """One line for each change."""
    old = (present.get("postgresql") or {}).get("parameters") or {}
    for name, value in changed_parameters(patch).items():
        how = "restart" if contexts.get(name) == "postmaster" else "reload"
        before = as_text(old[name]) if name in old else "default"
        print(f"{name}: {before} -> {'default' if value is None else value} ({how})")
    for name, value in patch.items():
        if name != "postgresql":
            print(f"{name}: {json.dumps(present.get(name))} -> {json.dumps(value)} (Patroni)")
    for name, value in (patch.get("postgresql") or {}).items():
        if name == "pg_hba":
            print(f"pg_hba.conf: {len(value)} rules (reload)")
        elif name != "parameters":
            print(f"postgresql.{name}: {json.dumps(value)} (Patroni)")


def directions() -> tuple[bool, bool]:
    """Whether pending values that replicas may not undercut go up, and whether some go down.

    Any other pending value counts as raised: replicas first.
    """
    raised = lowered = False
    for member in members():
        for name, values in (pending(member["host"]) or {}).items():
            old, new = str(values.get("old_value")), str(values.get("new_value"))
            down = old.isdigit() and new.isdigit() and int(new) < int(old)
            if name in LEADER_FIRST_WHEN_LOWERED and down:
                lowered = True
            else:
                raised = True
    return raised, lowered


def undo(present: dict, patch: dict) -> None:
    """Sends the former values."""
    try:
        change("127.0.0.1", "PATCH", "/config", reversal(present, patch), 5.0)
        print("the former values are back in Patroni's configuration", file=sys.stderr)
    except PatroniError as error:
        print(f"the former values could not be put back: {error}", file=sys.stderr)


def apply() -> int:
    """Everything, under the settings lock. Returns the exit code."""
    wanted = read_live()
    present = config("127.0.0.1")
    patch = difference(present, wanted)
    if patch:
        check_parameters(wanted["postgresql"]["parameters"])
        change("127.0.0.1", "PATCH", "/config", patch, 5.0)
        try:
            contexts = wait_taken(patch)
        except NotTaken as error:
            print(f"holdfast-apply-settings: not taken: {error}", file=sys.stderr)
            undo(present, patch)
            return 1
        describe(present, patch, contexts)
    raised, lowered = directions()
    if not (raised or lowered):
        print("in force on all members" if patch else "nothing to change")
        return 0
    try:
        settle(raised, lowered)
    except (RestartFailed, PatroniError) as error:
        print(f"holdfast-apply-settings: {error}", file=sys.stderr)
        if patch:
            undo(present, patch)
        return 1
    print("in force on all members")
    return 0


def main() -> int:
    etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
    try:
        with Lock(etcd, key("settings"), f"apply-{fact('MEMBER')}", patience=PATIENCE_SECONDS):
            return apply()
    except ConfigFault as error:
        print(f"holdfast-apply-settings: nothing was changed: {error}", file=sys.stderr)
        return 2
    except (PatroniError, EtcdError, LockHeld) as error:
        print(f"holdfast-apply-settings: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
