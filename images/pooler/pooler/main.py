"""holdfast-pooler, the container's program. Facts: HOLDFAST_* and the live pgbouncer.ini."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pooler import agent, userlist
from pooler.bouncer import Bouncer, say
from pooler.files import read_facts
from pooler.follow import Follower
from pooler.lease import Lease
from pooler.pause import Pauser
from pooler.site_gate import Gate

CONFIG = "/etc/holdfast/live/pgbouncer.ini"
FACTS = Path("/etc/holdfast/live/facts.json")
USERLIST = Path("/run/pgbouncer/userlist.txt")
DATABASES = Path("/run/pgbouncer/databases.ini")
# How long a start waits for a leader; without one PgBouncer starts all the same, and clients wait.
FIRST_LEADER_SECONDS = 5.0
PGBOUNCER_PORT = 6432
AGENT_PORT = 8009


def permission(agent: str) -> Callable[[], bool]:
    """Whether this site may take writes: its agent's word, where there are several sites."""
    if not agent:
        return lambda: True
    gate = Gate(agent)
    gate.look()
    gate.start()
    return gate.writes


def main() -> None:
    """Runs until SIGTERM.

    HOLDFAST_SITE_AGENT (none): address of the site's agent, where there are several sites.

    HOLDFAST_PATIENCE_SECONDS (25): how long a statement may hang on a leader that is silent.
    HOLDFAST_STOP_CLIENTS_SECONDS (3): how long clients may leave by themselves at a stop.
    HOLDFAST_STOP_SERVERS_SECONDS (5): how long open transactions may take after that.
    """
    patience = float(os.environ.get("HOLDFAST_PATIENCE_SECONDS", "25"))
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
    follower = Follower(
        DATABASES, lambda: read_facts(FACTS), userlist.secret("postgres-pgbouncer"), pauser, patience,
        permission(os.environ.get("HOLDFAST_SITE_AGENT", "")),
    )  # fmt: skip

    def started() -> None:
        follower.started()
        pauser.started()

    bouncer = Bouncer(CONFIG, PGBOUNCER_PORT, userlist.secret("pooler-admin"), started)
    pauser.bouncer = follower.bouncer = bouncer
    follower.start(FIRST_LEADER_SECONDS)
    http = agent.server(
        agent.Agent(bouncer, pauser, follower), userlist.secret("pooler-agent"), AGENT_PORT
    )

    def reload(*_: object) -> None:
        follower.reload()
        bouncer.signal(signal.SIGHUP)

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    signal.signal(signal.SIGHUP, reload)

    keeper = threading.Thread(target=bouncer.keep_running, name="keeper", daemon=True)
    keeper.start()
    agent.serve_in_background(http)
    while not stopped.wait(0.1):
        pauser.expire()
        if not keeper.is_alive():
            # Out of memory or processes, for instance. Docker starts the container anew.
            raise SystemExit("holdfast-pooler: the keeper of PgBouncer has died: starting over")

    say("stopping")
    bouncer.stop(stop_clients, stop_servers)
    keeper.join(2.0)
