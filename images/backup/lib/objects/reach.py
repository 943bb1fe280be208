"""Whether an endpoint answers at all, in seconds: TCP, TLS with its certificate, one request.

Programs that speak S3 try again for minutes before they say so (pgBackRest: 136 s for a refused
connection, measured), and then in words that do not tell a certificate from an outage.
"""

from __future__ import annotations

import re
import socket
import ssl
from urllib.parse import urlsplit

from backup.errors import RepositoryFault
from backup.settings import Cloud

CONNECT_SECONDS = 3.0
HANDSHAKE_SECONDS = 5.0
ANSWER_SECONDS = 5.0
# Python says where in its own source a handshake ended.
_SOURCE = re.compile(r"_ssl\.c:\d+: ")


def check(cloud: Cloud, repository: str = "cloud") -> None:
    """Raises RepositoryFault `unreachable` or `certificate`; returns when it can be spoken to."""
    url = urlsplit(cloud.endpoint)
    host = url.hostname or ""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS) as plain:
            if url.scheme != "https":
                _ask(plain, url.netloc)
            else:
                plain.settimeout(HANDSHAKE_SECONDS)
                context = ssl.create_default_context(cafile=cloud.ca_file)
                # Python's strictness about an authority's extensions is not pgBackRest's.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
                with context.wrap_socket(plain, server_hostname=host) as sealed:
                    _ask(sealed, url.netloc)
    except ssl.SSLCertVerificationError as error:
        message = f"the certificate of {host}:{port} is not good: {error.verify_message}"
        raise RepositoryFault(repository, "certificate", message) from error
    except FileNotFoundError as error:
        message = f"cannot read the authority's certificate {cloud.ca_file}"
        raise RepositoryFault(repository, "certificate", message) from error
    except ssl.SSLError as error:
        message = f"no TLS with {host}:{port}: {error.reason or error}"
        raise RepositoryFault(repository, "unreachable", message) from error
    except OSError as error:
        reason = error.strerror or _SOURCE.sub("", str(error))
        message = f"{host}:{port} does not answer: {reason}"
        raise RepositoryFault(repository, "unreachable", message) from error


def _ask(connection: socket.socket, authority: str) -> None:
    """One request without a signature: any answer will do, a refusal as well.

    A server takes a connection on which nothing is asked for a fault, and logs it. Raises OSError.
    """
    connection.settimeout(ANSWER_SECONDS)
    lines = ("HEAD / HTTP/1.1", f"Host: {authority}", "User-Agent: holdfast", "Connection: close")
    connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    if not connection.recv(16).startswith(b"HTTP/"):
        raise ConnectionError("it speaks no HTTP, or closes the connection")
