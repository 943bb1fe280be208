"""What the settings say of the public names (dns.json, a live file). Reads one file, decides nothing."""

import json
from dataclasses import dataclass
from pathlib import Path

LIVE = Path("/etc/holdfast/live")


class FactsError(Exception):
    """The file is missing or not what this program understands."""


@dataclass(frozen=True)
class Server:
    """A name server: an IPv4 or IPv6 address, or a name, and its port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Facts:
    """zone: with the dot at its end. names: service -> name, with its dot.

    sites: site -> service -> addresses. servers: who is asked; none: the zone's own name servers,
    found as any client finds them. follow: the site's agent whose word moves the names; None where
    people do.
    """

    zone: str
    provider: str
    names: dict[str, str]
    sites: dict[str, dict[str, list[str]]]
    servers: list[Server]
    follow: Server | None = None


def parse(text: str) -> Facts:
    """The facts in a file's text. Raises FactsError."""
    try:
        tree = json.loads(text)
        follow = tree["follow"]
        return Facts(
            zone=tree["zone"],
            provider=tree["provider"],
            names=tree["names"],
            sites=tree["sites"],
            servers=[Server(one["host"], one["port"]) for one in tree["servers"]],
            follow=follow and Server(follow["host"], follow["port"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FactsError(f"dns.json is not what this image understands: {error!r}") from error


def read(folder: Path = LIVE) -> Facts:
    """The facts of this container. Raises FactsError."""
    try:
        return parse((folder / "dns.json").read_text())
    except OSError as error:
        raise FactsError(f"cannot read {folder / 'dns.json'}: {error.strerror}") from error
