#!/usr/bin/python3
"""Marks the cluster as stopping (M7), so that a stopping leader does not hand over.

usage: holdfast-mark-stopping [--clear] [--seconds 600]

The mark is a key with a lease: it ends by itself. Exit code 1 when etcd cannot be reached.
Environment: HOLDFAST_SCOPE, HOLDFAST_MEMBERS.
"""

import argparse
import os
import sys

from ensure_auth import read_secret
from etcd_gateway import Etcd, EtcdError
from members import parse_members


def main() -> None:
    parser = argparse.ArgumentParser(prog="holdfast-mark-stopping", description=__doc__)
    parser.add_argument("--clear", action="store_true", help="take the mark away")
    parser.add_argument("--seconds", type=int, default=600, help="how long the mark holds")
    arguments = parser.parse_args()

    scope = os.environ["HOLDFAST_SCOPE"]
    key = f"/holdfast/{scope}/stopping"
    members = parse_members(os.environ["HOLDFAST_MEMBERS"])
    etcd = Etcd([member.address for member in members], "patroni", read_secret("etcd-patroni"))
    try:
        if arguments.clear:
            etcd.delete(key)
            print(f"{scope} is no longer marked as stopping")
        else:
            etcd.put(key, "stopping", etcd.grant_lease(arguments.seconds))
            print(f"{scope} is marked as stopping for {arguments.seconds} s")
    except EtcdError as error:
        sys.exit(f"holdfast-mark-stopping: {error.message}")


if __name__ == "__main__":
    main()
