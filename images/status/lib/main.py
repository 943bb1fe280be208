#!/usr/bin/python3
"""holdfast-status, the container's program: serves the status page on port 8081.

Facts: HOLDFAST_STACK, HOLDFAST_SITE, and the addresses HOLDFAST_PROMETHEUS, HOLDFAST_ALERTMANAGER
and HOLDFAST_PATRONI (each with its port, the last one a list with commas). The live file
/etc/holdfast/live/status.json says what the objectives are.
"""

import signal
import sys
import threading

from statuspage import settings
from statuspage.answers import Answers
from statuspage.look import Site
from statuspage.server import bind


def main() -> None:
    place = settings.place()
    http = bind(Answers(Site(place)))
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    threading.Thread(target=http.serve_forever, name="http", daemon=True).start()
    print(f"holdfast-status: the page of {place.stack}, site {place.site}", flush=True)
    stopped.wait()
    sys.exit(0)


if __name__ == "__main__":
    main()
