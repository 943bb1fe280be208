"""holdfast-pooler, the container's program. Facts: HOLDFAST_* and the live pgbouncer.ini."""

import os
import signal
import threading
import time
from pathlib import Path

from pooler import agent, userlist
from pooler.bouncer import Bouncer, say
from pooler.lease import Lease
from pooler.pause import Pauser

CONFIG = "/etc/holdfast/live/pgbouncer.ini"
USERLIST = Path("/run/pgbouncer/userlist.txt")
PGBOUNCER_PORT = 6432
AGENT_PORT = 8009


def main() -> None:
    """Runs until SIGTERM. HOLDFAST_DATABASE: the read-write database's name (no default).

    HOLDFAST_STOP_CLIENTS_SECONDS (3): how long clients may leave by themselves at a stop.
    HOLDFAST_STOP_SERVERS_SECONDS (5): how long open transactions may take after that.
    """
    database = os.environ.get("HOLDFAST_DATABASE", "")
    if not database:
        raise SystemExit("holdfast-pooler: HOLDFAST_DATABASE is not set; give the database's name")
    stop_clients = float(os.environ.get("HOLDFAST_STOP_CLIENTS_SECONDS", "3"))
    stop_servers = float(os.environ.get("HOLDFAST_STOP_SERVERS_SECONDS", "5"))
    if not os.access(CONFIG, os.R_OK):
        raise SystemExit(f"holdfast-pooler: cannot read {CONFIG}; mount its volume there")
    if not os.access(USERLIST.parent, os.W_OK):
        raise SystemExit(
            f"holdfast-pooler: {USERLIST.parent} is not writable; mount a tmpfs there "
            "(uid=998,gid=998,mode=0700)"
        )
    userlist.write(USERLIST)

    pauser = Pauser(Lease(time.monotonic))
    bouncer = Bouncer(CONFIG, PGBOUNCER_PORT, userlist.secret("pooler-admin"), pauser.started)
    pauser.bouncer = bouncer
    http = agent.server(
        agent.Agent(bouncer, pauser, database), userlist.secret("pooler-agent"), AGENT_PORT
    )

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    signal.signal(signal.SIGHUP, lambda *_: bouncer.signal(signal.SIGHUP))

    keeper = threading.Thread(target=bouncer.keep_running, name="keeper", daemon=True)
    keeper.start()
    agent.serve_in_background(http)
    while not stopped.wait(0.1):
        pauser.expire()

    say("stopping")
    bouncer.stop(stop_clients, stop_servers)
    keeper.join(2.0)
