#!/usr/bin/python3
"""Takes members out of the cluster, or says what is left of them; `./holdfast up` calls it (M20).

usage: holdfast-scale-in [--json] leave | stay
       holdfast-scale-in [--json] settle --leaving postgres-4,postgres-5 [--alone]
       holdfast-scale-in [--json] forget | remains --staying postgres-1,postgres-2

leave, stay: this container's member is to leave, or not after all; SIGHUP makes it known.
settle, in one that stays: hands over if a leaving one leads, and waits until no commit needs them;
--alone: although then no replica is synchronous.
forget, once their containers are gone: drops their slots and records, and verifies it.
remains: only says what is left.
Exit codes: 0 done, nothing is left; 1 not so, the reasons are printed.
"""

import argparse
import json
import sys

import psycopg2

import leaving
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, secret
from patroni_api import PatroniError
from scale_in import ScaleInFailed, forget, read_records, settle
from scale_in_rules import remains

EXPECTED = (ScaleInFailed, PatroniError, EtcdError, psycopg2.Error, OSError)


def names(text: str) -> list[str]:
    """A comma-separated list; an empty one is a mistake of the caller's."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise argparse.ArgumentTypeError("names no member")
    return found


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="holdfast-scale-in", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("leave")
    verbs.add_parser("stay")
    settling = verbs.add_parser("settle")
    settling.add_argument("--leaving", type=names, required=True)
    settling.add_argument("--alone", action="store_true")
    for verb in ("forget", "remains"):
        verbs.add_parser(verb).add_argument("--staying", type=names, required=True)
    return parser.parse_args(arguments)


def run(given: argparse.Namespace) -> dict:
    """What was done. `error` in it means that it was not."""
    match given.verb:
        case "leave":
            leaving.leave(fact("MEMBER"))
            return {"leaving": fact("MEMBER")}
        case "stay":
            leaving.stay()
            return {"staying": fact("MEMBER")}
        case "settle":
            return settle(given.leaving, given.alone)
        case "forget":
            return {"forgotten": forget(given.staying)}
    etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"))
    left = remains(read_records(etcd, given.staying), given.staying)
    return {"remains": left, **({"error": "; ".join(left)} if left else {})}


def main() -> int:
    given = parse()
    try:
        result = run(given)
    except EXPECTED as error:
        result = {"error": str(error).strip()}
    if given.json:
        print(json.dumps(result))
    elif "error" in result:
        print(f"holdfast-scale-in: {result['error']}", file=sys.stderr)
    else:
        print("; ".join(f"{name}: {value}" for name, value in result.items()))
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
