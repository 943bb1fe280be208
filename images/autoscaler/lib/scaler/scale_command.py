"""holdfast-scale: what the launcher asks, inside the autoscaler's container.

usage: holdfast-scale show                the autoscaler's state, as JSON
       holdfast-scale pin N | auto        pins the number of instances; lets traffic decide again
       holdfast-scale deploy [--seconds S] [--wait S]
                                          an update is at work; --wait: until a spare one serves
       holdfast-scale deployed            the update is done

Exit code 1 when etcd or the autoscaler does not answer, or the wait was in vain. Only `show` needs no
etcd: the pin in it is the last one that the autoscaler read, a second old.
"""

import argparse
import http.client
import json
import sys
import time

from etcd_gateway import Etcd, EtcdError
from scaler.exposition import PORT
from scaler.facts import fact, text_of
from scaler.keys import Keys
from scaler.main import PASSWORD


def state() -> dict:
    """What the autoscaler says of itself. Raises OSError when it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=3)
    try:
        connection.request("GET", "/state")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def wait_for_spare(seconds: float) -> bool:
    """Until one more serves than must, or as many as may; False when it took too long."""
    end = time.monotonic() + seconds
    while True:
        now = state()
        wanted = min(now["minimum"] + 1, now["maximum"])
        if now["deploying"] and now["ready"] >= wanted:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.3)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="holdfast-scale", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("show", "auto", "deployed"):
        commands.add_parser(name)
    commands.add_parser("pin").add_argument("instances", type=int)
    deploy = commands.add_parser("deploy")
    deploy.add_argument("--seconds", type=int, default=120)
    deploy.add_argument("--wait", type=float, default=0)
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    hosts = fact("ETCD").split(",")
    keys = Keys(Etcd(hosts, "autoscaler", text_of(PASSWORD), timeout=2.0), fact("SCOPE"))
    try:
        if arguments.command == "pin":
            keys.pin(arguments.instances)
        elif arguments.command == "auto":
            keys.unpin()
        elif arguments.command == "deployed":
            keys.deployed()
        elif arguments.command == "deploy":
            keys.deploy(arguments.seconds)
            if arguments.wait > 0 and not wait_for_spare(arguments.wait):
                sys.exit(f"holdfast-scale: no spare instance serves after {arguments.wait:g} s")
        else:
            print(json.dumps(state()))
    except EtcdError as error:
        sys.exit(f"holdfast-scale: etcd does not answer: {error.message}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        sys.exit(f"holdfast-scale: the autoscaler does not answer: {error or type(error).__name__}")
