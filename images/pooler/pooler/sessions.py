"""Which clients are bound to which server, and their end."""

from typing import Any

from pooler.admin import AdminError, AdminTimeout
from pooler.bouncer import Bouncer


def busy(bouncer: Bouncer, database: str, addresses: set[str]) -> list[dict[str, Any]]:
    """Server connections to these addresses that a client uses. Raises AdminError."""
    with bouncer.console() as console:
        servers = console.run("SHOW SERVERS", 1.0)
    return [
        row for row in servers
        if row["database"] == database and row["addr"] in addresses and row["link"]
    ]


def cut(bouncer: Bouncer, database: str, addresses: set[str]) -> int:
    """Disconnects the clients whose statement runs at one of these addresses; how many.

    They get an error instead of waiting for a server that never answers. Raises AdminError.
    """
    links = {row["link"] for row in busy(bouncer, database, addresses)}
    if not links:
        return 0
    with bouncer.console() as console:
        clients = [row["id"] for row in console.run("SHOW CLIENTS", 1.0) if row["ptr"] in links]
        count = 0
        for client in clients:
            try:
                console.run(f"KILL_CLIENT {client}", 1.0)
                count += 1
            except AdminTimeout:
                raise
            except AdminError:
                pass  # it left by itself
    return count
