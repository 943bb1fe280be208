"""holdfast-site: the one way to ask a site's agent, or to tell it what to do.

usage: docker exec <container> holdfast-site VERB [--json]

Answers one JSON document on standard output; errors as {"error": ..., "next": ...}.
Exit codes: 0 done; 1 refused or not done; 2 wrong arguments; 3 the agent does not answer.
"""

import argparse
import http.client
import json
import time

from sites.server import VERB_PORT

# Longer than any verb's own patience.
ANSWER_SECONDS = 200.0
NUMBERED = ("drain", "promote", "demote", "activate")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="holdfast-site", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    texts = {
        "status": "everything that is known of this site",
        "role": "one word: active, standby, unconfirmed or draining",
        "found": "the environment begins with this site as the active one (once)",
        "drain": "stop taking writes, and say where they ended",
        "promote": "become the active site",
        "demote": "become a standby of the other site",
        "activate": "confirm that a site which started cold is the active one",
        "release": "give back the lease at the witness",
    }
    for name, text in texts.items():
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--json", action="store_true", help="the answer is JSON in any case")
        if name in NUMBERED:
            verb.add_argument("--epoch", type=int, required=True, metavar="N")
        if name == "role":
            verb.add_argument("--wait", type=float, default=0.0, metavar="SECONDS",
                              help="for a site that is being confirmed or drained")  # fmt: skip
        if name == "promote":
            verb.add_argument("--at", metavar="LSN", help="only once this position is replayed")
        if name == "demote":
            verb.add_argument("--follow", required=True, metavar="SITE")
    return parser.parse_args(given)


def ask(method: str, body: dict | None = None, port: int = VERB_PORT) -> tuple[int, dict]:
    """HTTP status and answer. OSError when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, "/", None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def settled(seconds: float, port: int) -> tuple[int, dict]:
    """The status, once the site is active or a standby; at the end of the wait whatever it is."""
    end = time.monotonic() + seconds
    while True:
        status, answer = ask("GET", port=port)
        if answer.get("role") in ("active", "standby") or time.monotonic() >= end:
            return status, answer
        time.sleep(1)


def main(given: list[str] | None = None, port: int = VERB_PORT) -> int:
    asked = arguments(given)
    try:
        if asked.verb == "role":
            status, answer = settled(asked.wait, port)
        elif asked.verb == "status":
            status, answer = ask("GET", port=port)
        else:
            names = ("verb", "epoch", "at", "follow")
            body = {name: getattr(asked, name, None) for name in names}
            status, answer = ask("POST", {k: v for k, v in body.items() if v is not None}, port)
    except (OSError, http.client.HTTPException, ValueError) as error:
        fault = {"error": f"the agent does not answer: {error}", "next": "docker logs of this container"}
        print(json.dumps(fault))
        return 3
    print(answer["role"] if asked.verb == "role" else json.dumps(answer))
    return 0 if status == 200 else 1
