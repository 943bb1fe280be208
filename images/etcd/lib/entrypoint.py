#!/usr/bin/python3
"""Starts etcd: the static bootstrap, or a rejoin when this member's data is gone (M18).

Environment: HOLDFAST_SCOPE, HOLDFAST_MEMBER, HOLDFAST_MEMBERS, HOLDFAST_TOKEN. Data: /var/lib/etcd.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ensure_auth import FLAG, SECRETS, read_secret
from etcd_gateway import Etcd, EtcdError
from members import (
    CLIENT_PORT,
    PEER_PORT,
    Member,
    choose,
    initial_cluster,
    parse_members,
    peer_lists,
)

DATA = Path("/var/lib/etcd/data")
# Of an etcd that others than its own site use; beside the plain port, which only its own container has.
TLS_PORT = 2378
QUOTA_BYTES = 256 * 1024 * 1024  # Patroni's keys take a few MiB; small enough for a small container


def log(text: str) -> None:
    print(f"holdfast-etcd: {text}", file=sys.stderr, flush=True)


def rejoin(own: Member, configured: list[Member]) -> str:
    """Replaces this member's old id by a new one. Returns the cluster's members as etcd wants them.

    Waits for a quorum as long as it takes: without one nothing may be decided.
    """
    others = [member.address for member in configured if member != own]
    etcd = Etcd(others, "root", read_secret("etcd-root"), timeout=5.0)
    said = ""
    while True:
        try:
            listed = etcd.call("/v3/cluster/member/list", {"linearizable": True})["members"]
            for entry in listed:
                if own.peer_url in entry.get("peerURLs", []):
                    log(f"removing the old id {entry['ID']} of {own.name}")
                    etcd.call("/v3/cluster/member/remove", {"ID": entry["ID"]})
            answer = etcd.call("/v3/cluster/member/add", {"peerURLs": [own.peer_url]})
            log(f"added as {answer['member']['ID']}")
            return initial_cluster(own, configured, answer["members"])
        except EtcdError as error:
            if error.message != said:
                said = error.message
                log(
                    f"the data of {own.name} is gone and it cannot rejoin yet: {said}. It needs a"
                    " quorum of the others. If most members have lost their data, empty the volumes"
                    " of all of them: Patroni writes its keys anew and the leader keeps its data."
                )
            time.sleep(1)


def start_flags(own: Member, configured: list[Member]) -> list[str]:
    """The flags that only a member without data heeds."""
    everyone = ",".join(f"{member.name}={member.peer_url}" for member in configured)
    if (DATA / "member" / "wal").is_dir() and any((DATA / "member" / "wal").glob("*.wal")):
        return [f"--initial-cluster={everyone}", "--initial-cluster-state=new"]
    # A start that was cut short leaves a folder without a log; etcd would stumble over it.
    shutil.rmtree(DATA, ignore_errors=True)
    others = [member for member in configured if member != own]
    answers = peer_lists(others)
    choice = choose(own, answers)
    log(f"no data yet, {len(answers)} of {len(others)} peers answer: starting as {choice}")
    if choice == "new":
        return [f"--initial-cluster={everyone}", "--initial-cluster-state=new"]
    cluster = (
        rejoin(own, configured)
        if choice == "rejoin"
        else initial_cluster(own, configured, max(answers, key=len))
    )
    return [f"--initial-cluster={cluster}", "--initial-cluster-state=existing"]


def client_flags(own: Member, tls: bool) -> list[str]:
    """Where clients come in. By TLS the member shows a certificate of the stack's authority; clients show
    their password, for etcd's gateway refuses whoever has a certificate with a name. The loopback
    stays plain, for this container's own programs."""
    if not tls:
        return [
            f"--listen-client-urls=http://0.0.0.0:{CLIENT_PORT}",
            f"--advertise-client-urls=http://{own.address}:{CLIENT_PORT}",
        ]
    return [
        f"--listen-client-urls=http://127.0.0.1:{CLIENT_PORT},https://0.0.0.0:{TLS_PORT}",
        f"--advertise-client-urls=https://{own.address}:{TLS_PORT}",
        f"--cert-file={SECRETS / 'tls.crt'}",
        f"--key-file={SECRETS / 'tls.key'}",
    ]


def auth_token() -> str:
    """The kind of the tokens that a login gives: signed ones, which carry all that a member checks.

    etcd's simple tokens name the log's index of their login, and a member that is asked with one
    waits for that index: when all data was lost and the log begins anew, every client that was
    logged in hangs until the new log is as long as the old one was. A day, as Patroni logs an error
    whenever a token ends; a changed password ends all at once.
    """
    read_secret("etcd-token-key")  # its absence said in our words
    return f"jwt,priv-key={SECRETS / 'etcd-token-key'},sign-method=HS256,ttl=24h"


def main() -> None:
    try:
        configured = parse_members(os.environ["HOLDFAST_MEMBERS"])
        own = next(m for m in configured if m.name == os.environ["HOLDFAST_MEMBER"])
        token = os.environ["HOLDFAST_TOKEN"]
    except KeyError as error:
        sys.exit(f"holdfast-etcd: the environment variable {error.args[0]} is missing")
    except StopIteration:
        sys.exit("holdfast-etcd: HOLDFAST_MEMBER is not one of HOLDFAST_MEMBERS")
    except ValueError as error:
        sys.exit(f"holdfast-etcd: {error}")

    FLAG.unlink(missing_ok=True)
    flags = start_flags(own, configured)
    subprocess.Popen(["holdfast-ensure-auth"])  # tini reaps it
    os.execvp(
        "etcd",
        [
            "etcd",
            f"--name={own.name}",
            f"--data-dir={DATA}",
            f"--initial-cluster-token={token}",
            *flags,
            f"--listen-peer-urls=http://0.0.0.0:{PEER_PORT}",
            f"--initial-advertise-peer-urls={own.peer_url}",
            *client_flags(own, os.environ.get("HOLDFAST_CLIENT_TLS") == "yes"),
            # Answers before there is a quorum, which the client port does not.
            "--listen-metrics-urls=http://127.0.0.1:2381",
            # etcd's advice: heartbeat about the round trip, election ten times that. One Docker
            # host has a round trip far under 1 ms; 100/1000 leaves room for a loaded disk.
            "--heartbeat-interval=100",
            "--election-timeout=1000",
            # A member that comes back does not disturb the others by a needless election.
            "--pre-vote=true",
            "--auto-compaction-mode=periodic",
            "--auto-compaction-retention=1h",
            f"--quota-backend-bytes={QUOTA_BYTES}",
            # The passwords are 32 random letters, which no hash has to protect; at the default cost
            # of 10 a login takes 0.1 s, over 1 s on a busy host, and a restarted Patroni missed its
            # lease over it.
            "--bcrypt-cost=4",
            f"--auth-token={auth_token()}",
            # Fewer log entries in memory than the default 100000: the keys are few, writes steady.
            "--snapshot-count=10000",
            "--max-snapshots=3",
            "--max-wals=3",
            "--log-level=warn",
        ],
    )


if __name__ == "__main__":
    main()
