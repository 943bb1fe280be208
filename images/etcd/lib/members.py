"""What a starting etcd member does: decided from what its peers say, by pure functions."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Literal

PEER_PORT = 2380
CLIENT_PORT = 2379

Choice = Literal["new", "existing", "rejoin"]


@dataclass(frozen=True)
class Member:
    """One member of the configured cluster."""

    name: str
    address: str

    @property
    def peer_url(self) -> str:
        return f"http://{self.address}:{PEER_PORT}"


def parse_members(text: str) -> list[Member]:
    """`etcd-1=10.0.0.2,etcd-2=10.0.0.3` as members. ValueError names the part that is wrong."""
    members = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, separator, address = part.partition("=")
        if not (name and separator and address):
            raise ValueError(f'HOLDFAST_MEMBERS: "{part}" is not NAME=ADDRESS')
        members.append(Member(name, address))
    names = {member.name for member in members}
    if not members or len(names) != len(members):
        raise ValueError("HOLDFAST_MEMBERS must name each member once, as NAME=ADDRESS,...")
    return members


def peer_lists(peers: list[Member], timeout: float = 1.0) -> list[list[dict]]:
    """The member lists of those peers that answer on their peer port (no quorum needed there)."""
    answers = []
    for peer in peers:
        try:
            with urllib.request.urlopen(f"{peer.peer_url}/members", timeout=timeout) as response:
                listed = json.load(response)
        except (OSError, ValueError, urllib.error.URLError):
            continue
        if isinstance(listed, list):
            answers.append(listed)
    return answers


def find(own: Member, listed: list[dict]) -> dict | None:
    """This member's entry in a list, by its peer URL."""
    for entry in listed:
        if own.peer_url in (entry.get("peerURLs") or []):
            return entry
    return None


def choose(own: Member, answers: list[list[dict]]) -> Choice:
    """How a member with an empty data directory starts.

    - nobody answers, or this member is listed as a founder that has not started yet (a name, no
      client URL): `new`, the static bootstrap. So the very first start is never taken for a loss.
    - listed with client URLs (it ran before, its data is gone), or by nobody (a former attempt
      removed it): `rejoin`, by removing the old id and adding a new one.
    - listed without a name: added by a former attempt of a rejoin: `existing`.
    """
    if not answers:
        return "new"
    entries = [find(own, listed) for listed in answers]
    if any(entry and entry.get("clientURLs") for entry in entries):
        return "rejoin"
    if any(entry and entry.get("name") for entry in entries):
        return "new"
    return "existing" if any(entries) else "rejoin"


def initial_cluster(own: Member, configured: list[Member], listed: list[dict]) -> str:
    """etcd's --initial-cluster for a cluster that exists: exactly the members it lists."""
    names = {member.peer_url: member.name for member in configured}
    parts = []
    for entry in listed:
        for url in entry.get("peerURLs") or []:
            name = names.get(url) or entry.get("name") or f"member-{entry.get('ID', '')}"
            parts.append(f"{name}={url}")
    own_part = f"{own.name}={own.peer_url}"
    return ",".join(sorted({*parts, own_part}))
