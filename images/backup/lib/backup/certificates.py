"""When the certificates end, as servers present them: a renewed file nobody loaded is no help."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from engine.pgbackrest_config import SERVER_PORT

from . import paths
from .cluster import Member
from .settings import Cloud

ANSWER_SECONDS = 2


def ends(members: list[Member], cloud: Cloud | None = None) -> dict[str, float]:
    """End of validity (seconds since the epoch) by name: the authority's, our server's, the nodes'.

    With `cloud` also that of the S3 server. What does not answer is left out: that is another
    alert's business.
    """
    found: dict[str, float] = {}
    try:
        context = ssl.create_default_context(cafile=str(paths.CA_CERTIFICATE))
        context.load_cert_chain(paths.CERTIFICATE, paths.KEY)
    except (OSError, ssl.SSLError):
        return found
    # Members are dialled by address; their certificates carry names.
    context.check_hostname = False
    found["authority"] = min(_end(entry) for entry in context.get_ca_certs())
    servers = {"backup": "127.0.0.1", **{member.name: member.host for member in members}}
    for name, host in servers.items():
        end = _served(context, host, SERVER_PORT)
        if end is not None:
            found[name] = end
    if cloud is not None:
        end = _cloud(cloud)
        if end is not None:
            found["cloud"] = end
    return found


def _cloud(cloud: Cloud) -> float | None:
    url = urlsplit(cloud.endpoint)
    if url.scheme != "https" or not url.hostname:
        return None
    try:
        context = ssl.create_default_context(cafile=cloud.ca_file)
    except (OSError, ssl.SSLError):
        return None
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return _served(context, url.hostname, url.port or 443)


def _served(context: ssl.SSLContext, host: str, port: int) -> float | None:
    try:
        with (
            socket.create_connection((host, port), timeout=ANSWER_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert()
    except OSError:
        return None
    return _end(certificate) if certificate else None


def _end(certificate: Mapping[str, object]) -> float:
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
