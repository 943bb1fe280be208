"""Runs in a PostgreSQL container for `./holdfast bench`: how the cluster replicates, while somebody listens.

usage: replication.py [FORMER]. Says the value that Patroni has in one line of JSON; then takes orders on
standard input, a line each: `asynchronous` or `quorum`, and says `ok` for each. When the input ends, whatever
ended it, the former value is put back, and it says `back`. FORMER is JSON, in place of what Patroni has.
"""

import json
import sys
import time

sys.path.insert(0, "/usr/local/lib/holdfast")

from patroni_api import PatroniError, change, config  # noqa: E402

MODES = {"asynchronous": False, "quorum": "quorum"}
HERE = "127.0.0.1"
# etcd and Patroni may be away for as long as a failover takes, and longer where nobody leads.
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 1.0


def say(text: str) -> None:
    """Whoever listened may be gone: that must not keep the former value from coming back."""
    try:
        print(text, flush=True)
    except OSError:
        pass


def send(mode: object) -> None:
    change(HERE, "PATCH", "/config", {"synchronous_mode": mode}, 5.0)


def put_back(former: object) -> bool:
    """Tries until it is done, or patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            send(former)
            return True
        except PatroniError as error:
            if time.monotonic() > end:
                print(f"the former replication is not back: {error}", file=sys.stderr)
                return False
            time.sleep(PAUSE_SECONDS)


def follow(former: object) -> int:
    """Takes orders until the input ends; the exit code."""
    try:
        say(json.dumps(former))
        for line in sys.stdin:
            send(MODES[line.strip()])
            say("ok")
    except (KeyError, PatroniError) as error:
        print(f"replication: {error}", file=sys.stderr)
        return 1
    return 0


def main(arguments: list[str]) -> int:
    former = json.loads(arguments[0]) if arguments else config(HERE).get("synchronous_mode")
    code = follow(former)
    if not put_back(former):
        return 1
    say("back")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
