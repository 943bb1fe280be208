"""What a stopping member does before Patroni stops: a leader hands over, if that can succeed; a
replica is left out by the poolers, and its reads end."""

import contextlib
import subprocess

from candidate import choose
from etcd_gateway import Etcd, EtcdError
from facts import addresses, fact, key, secret
from patroni_api import PatroniError, cluster, own_status
from poolers import leave as leave_pools

# Reads before the handover must not eat its time: a silent etcd means "stop at once".
ASK_SECONDS = 2.0
RESUME_SECONDS = 3.0


def leave(member: str, bound_seconds: float) -> str:
    """Hands over when this member leads, else sends its readers elsewhere.

    Returns what happened, in a sentence for the log.
    """
    try:
        if own_status(ASK_SECONDS).get("role") != "primary":
            return _send_readers_away(member)
    except PatroniError as error:
        return f"stopping at once: {error}"
    try:
        etcd = Etcd(addresses("ETCD"), "patroni", secret("etcd-patroni"), timeout=ASK_SECONDS)
        if etcd.get(key("stopping")) is not None:
            return "the whole cluster is marked as stopping: no handover"
        choice = choose(cluster("127.0.0.1", ASK_SECONDS))
    except (EtcdError, PatroniError) as error:
        return f"stopping at once, without a handover: {error}"
    if choice.name is None:
        return f"stopping at once, without a handover: {choice.reason}"
    # This leader stops in any case: a transaction that does not end is ended, and only that one
    # fails. The time left over is for the clients to be resumed.
    command = ["holdfast-handover", "--cut", "--timeout", str(bound_seconds - RESUME_SECONDS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=bound_seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(RESUME_SECONDS)
        process.kill()
        return f"the handover took longer than {bound_seconds} s: stopping"
    return output.strip() or f"handover ended with {process.returncode}"


def _send_readers_away(member: str) -> str:
    drain = float(fact("DRAIN_SECONDS", "5"))
    faults = leave_pools(fact("ADDRESS"), secret("pooler-agent"), drain)
    if faults:
        return f"{member} is no leader: stopping; its readers: {'; '.join(faults)}"
    return f"{member} is no leader, and nobody reads here any more: stopping"
