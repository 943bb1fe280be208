#!/usr/bin/python3
"""holdfast-dns: points the public names to a site, and says what they answer.

    holdfast-dns                  watches (the container's program); metrics on :9857
    holdfast-dns flip SITE        points the names to the site; nothing changes when they do already
    holdfast-dns check            asks the name servers

`flip` and `check` print one JSON document; an error is {"error": ..., "next": ...} and exit code 1.
Facts: HOLDFAST_SITE, the live file dns.json, and sites/SITE/octodns.yaml beside it. Secrets: files.
"""

import json
import os
import signal
import sys
import threading


def answer(document: dict[str, object], code: int = 0) -> int:
    print(json.dumps(document))
    return code


def fault(problem: str, next_step: str) -> int:
    return answer({"error": problem, "next": next_step}, 1)


def run_flip(site: str) -> int:
    from dnssync import facts
    from dnssync.flip import FlipError, flip

    try:
        return answer(flip(facts.read(), site))
    except FlipError as error:
        return fault(error.problem, error.next_step)
    except facts.FactsError as error:
        return fault(str(error), "./holdfast up writes it")


def run_check() -> int:
    from dnssync import answers, facts
    from dnssync.verdict import agreed, told

    try:
        known = facts.read()
    except facts.FactsError as error:
        return fault(str(error), "./holdfast up writes it")
    seen = answers.ask(known)
    return answer({"zone": known.zone, "site": agreed(known, seen), "answers": told(known, seen)})


def run_watch() -> int:
    from dnssync.watch import Watcher

    def say(text: str) -> None:
        print(f"holdfast-dns: {text}", flush=True)

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    site = os.environ.get("HOLDFAST_SITE", "")
    if not site:
        sys.exit("holdfast-dns: the environment variable HOLDFAST_SITE is missing")
    Watcher(site, say).run(stopped)
    return 0


def main(words: list[str]) -> int:
    match words:
        case []:
            return run_watch()
        case ["flip", site]:
            return run_flip(site)
        case ["check"]:
            return run_check()
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
