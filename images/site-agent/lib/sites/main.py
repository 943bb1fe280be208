"""holdfast-site-agent, the container's program. Facts: see facts.py."""

import os
import signal
import threading
import time

from etcd_gateway import Etcd
from silence import Silence
from sites import facts as given
from sites import members
from sites.agent import Agent
from sites.database import Database
from sites.peer import Peer
from sites.server import serve_pages, serve_verbs
from sites.store import Store
from sites.verbs import Verbs
from sites.witness import Witness

POLL_SECONDS = 1.0
# All members of etcd one after the other, and the witness: the loop is back within these times.
ETCD_SECONDS = 3.0
WITNESS_SECONDS = 2.0
HEALTHY_SECONDS = 8.0
# Longer than the longest honest turn: members, etcd and the witness, each at its limit.
HANG_SECONDS = 15.0


def say(text: str) -> None:
    print(f"holdfast-site-agent: {text}", flush=True)


def watch(silence: Silence) -> None:
    """Ends the process when its loop hangs: Docker starts it again."""
    while True:
        time.sleep(silence.tick_seconds)
        if silence.tick(time.monotonic()):
            say(f"the loop is silent for {silence.limit_seconds:.0f} s: starting over")
            os._exit(70)


def build(facts: given.Facts) -> tuple[Agent, Verbs, Peer]:
    """All parts, wired."""
    seconds = ETCD_SECONDS / len(facts.etcd)
    etcd = Etcd(facts.etcd, "site", given.secret("etcd-site"), timeout=seconds)
    store = Store(etcd, facts.scope, facts.site, given.MEMORY)
    witness = None
    if facts.witness:
        there = Etcd([facts.place.link], "site", given.secret("witness-site"), timeout=WITNESS_SECONDS)
        witness = Witness(there, facts.site)
    peer = Peer(facts.place.link, facts.place.other, facts.site, given.secret("etcd-site"))
    agent = Agent(facts, store, witness, peer, members.Look(), say)
    password = given.secret("postgres-superuser")
    verbs = Verbs(agent, lambda address: Database(address, password), agent.turn)
    return agent, verbs, peer


def main() -> None:
    """Runs until SIGTERM."""
    facts = given.read()
    agent, verbs, peer = build(facts)
    silence = Silence(time.monotonic(), limit_seconds=HANG_SECONDS)
    serve_pages(agent, given.secret("etcd-site"), lambda: silence.silent_for(time.monotonic()) < HEALTHY_SECONDS)
    serve_verbs(verbs)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    threading.Thread(target=watch, args=(silence,), name="watch", daemon=True).start()
    peer.look()
    peer.start()
    say(f"keeps the role of site {facts.site}")
    while not stopped.is_set():
        try:
            agent.turn()
        except Exception as error:  # noqa: BLE001 - the loop must outlive its own mistakes
            say(f"this turn failed: {type(error).__name__}: {error}")
        silence.beat(time.monotonic())
        stopped.wait(POLL_SECONDS)
    say("stopping")
