"""When the certificates end, as servers present them: a renewed file nobody loaded is no help."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping

from . import paths
from .cluster import Member
from .pgbackrest import SERVER_PORT

ANSWER_SECONDS = 2


def ends(members: list[Member]) -> dict[str, float]:
    """End of validity (seconds since the epoch) by name: the authority's, our server's, the nodes'.

    What does not answer is left out: that is another alert's business.
    """
    try:
        context = ssl.create_default_context(cafile=str(paths.CA_CERTIFICATE))
        context.load_cert_chain(paths.CERTIFICATE, paths.KEY)
    except (OSError, ssl.SSLError):
        return {}
    # Members are dialled by address; their certificates carry names.
    context.check_hostname = False
    found = {"authority": min(_end(entry) for entry in context.get_ca_certs())}
    servers = {"backup": "127.0.0.1", **{member.name: member.host for member in members}}
    for name, host in servers.items():
        end = _served(context, host)
        if end is not None:
            found[name] = end
    return found


def _served(context: ssl.SSLContext, host: str) -> float | None:
    try:
        with (
            socket.create_connection((host, SERVER_PORT), timeout=ANSWER_SECONDS) as plain,
            context.wrap_socket(plain) as secured,
        ):
            certificate = secured.getpeercert()
    except OSError:
        return None
    return _end(certificate) if certificate else None


def _end(certificate: Mapping[str, object]) -> float:
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
