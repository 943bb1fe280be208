#!/usr/bin/python3
"""Closes etcd (M21): users root and patroni, the role patroni limited to /holdfast/, auth on.

Idempotent and safe when every member does it at once. Ends when it is done; a member runs it after
each start, so it is done again when all data was lost. Passwords come from the secret files.
"""

import sys
import time
from pathlib import Path

from etcd_gateway import Etcd, EtcdError, EtcdUnreachable, encode

SECRETS = Path("/etc/holdfast/secrets")
# The health check waits for this file: no one is told "healthy" while etcd is still open.
FLAG = Path("/run/holdfast/closed")
PREFIX = "/holdfast/"


def read_secret(name: str) -> str:
    """A secret's text. Ends the program with a clear message when the file is not there."""
    try:
        return (SECRETS / name).read_text().strip()
    except OSError as error:
        sys.exit(f"holdfast: cannot read the secret {SECRETS / name}: {error.strerror}")


def prefix_end(prefix: str) -> str:
    """The end of the range of keys that begin with `prefix`: its last character plus one."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def present(etcd: Etcd, path: str, body: dict) -> bool:
    """Creates something. False when it is there already."""
    try:
        etcd.call(path, body)
        return True
    except EtcdError as error:
        if "already exists" in error.message:
            return False
        raise


def ensure_user(etcd: Etcd, name: str, password: str, role: str) -> None:
    """A user with this role."""
    present(etcd, "/v3/auth/user/add", {"name": name, "password": password})
    etcd.call("/v3/auth/user/grant", {"user": name, "role": role})


def ensure(etcd: Etcd, root: str, patroni: str) -> None:
    """One pass; raises EtcdError when etcd cannot do it now."""
    enabled = etcd.login()
    present(etcd, "/v3/auth/role/add", {"name": "root"})
    present(etcd, "/v3/auth/role/add", {"name": "patroni"})
    etcd.call(
        "/v3/auth/role/grant",
        {
            "name": "patroni",
            "perm": {
                "permType": "READWRITE",
                "key": encode(PREFIX),
                "range_end": encode(prefix_end(PREFIX)),
            },
        },
    )
    ensure_user(etcd, "root", root, "root")
    ensure_user(etcd, "patroni", patroni, "patroni")
    if enabled:
        try:
            Etcd(etcd.hosts, "patroni", patroni, etcd.timeout).login()
        except EtcdUnreachable:
            raise
        except EtcdError:
            # The secret changed: root, whose password is right, sets the new one.
            etcd.call("/v3/auth/user/changepw", {"name": "patroni", "password": patroni})
    else:
        etcd.call("/v3/auth/enable")


def main() -> None:
    root, patroni = read_secret("etcd-root"), read_secret("etcd-patroni")
    said = ""
    while True:
        try:
            ensure(Etcd(["127.0.0.1"], "root", root, timeout=5.0), root, patroni)
            FLAG.touch()
            return
        except EtcdError as error:
            quiet = isinstance(error, EtcdUnreachable) or error.message == said
            if not quiet:
                said = error.message
                print(f"holdfast-ensure-auth: {said}; trying again", file=sys.stderr, flush=True)
            time.sleep(0.5)


if __name__ == "__main__":
    main()
