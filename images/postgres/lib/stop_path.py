"""What a stopping member does before Patroni stops: a leader hands over, if that can succeed."""

import subprocess

from candidate import choose
from etcd_gateway import Etcd, EtcdError
from facts import addresses, key, secret
from patroni_api import PatroniError, cluster, own_status

# Reads before the handover must not eat its time: a silent etcd means "stop at once".
ASK_SECONDS = 2.0


def leave(member: str, bound_seconds: float) -> str:
    """Hands over when this member leads. Returns what happened, in a sentence for the log."""
    try:
        if own_status(ASK_SECONDS).get("role") != "primary":
            return f"{member} is no leader: stopping at once"
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
    try:
        command = ["holdfast-handover", "--timeout", str(bound_seconds - 1)]
        done = subprocess.run(command, timeout=bound_seconds, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        return f"the handover took longer than {bound_seconds} s: stopping"
    return (done.stdout + done.stderr).strip() or f"handover ended with {done.returncode}"
