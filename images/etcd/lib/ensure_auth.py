#!/usr/bin/python3
"""Closes etcd (M21): users root, patroni, guard and autoscaler, each with a role of its own, auth on.
With several sites there is a user site too; the witness has root and site alone.

patroni may do everything below /holdfast/; guard may read the few keys it decides by and write the
leader's key and the members' (etcd knows no right to delete that is not one to write); autoscaler has
its own keys, and may see whether there is a leader and whether the stack stops; site keeps the site's
role, and Patroni's configuration in step with it. Idempotent and safe
when every member does it at once. Ends when it is done; a member runs it after each start, so it is
done again when all data was lost. Passwords come from the secret files.
Environment: HOLDFAST_SCOPE.
"""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from etcd_gateway import Etcd, EtcdError, EtcdUnreachable, encode

SECRETS = Path("/etc/holdfast/secrets")
# The health check waits for this file: no one is told "healthy" while etcd is still open.
FLAG = Path("/run/holdfast/closed")
PREFIX = "/holdfast/"
USERS = ("root", "patroni", "guard", "autoscaler", "site")


def users(secrets: Path = SECRETS) -> list[str]:
    """Those whose passwords are here: which they are is said by whoever declares the container."""
    return [name for name in USERS if name == "root" or (secrets / f"etcd-{name}").exists()]


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


def grant(etcd: Etcd, role: str, kind: str, key: str, end: str | None = None) -> None:
    """Lets a role READ, WRITE or READWRITE one key, or those from `key` up to `end`.

    Granted anew, even the same right makes etcd end every token: each client would log in again
    whenever a member starts.
    """
    perm = {"permType": kind, "key": encode(key)}
    if end is not None:
        perm["range_end"] = encode(end)
    held = etcd.call("/v3/auth/role/get", {"role": role}).get("perm", [])
    if perm in ({"permType": "READ", **one} for one in held):  # the gateway omits the zero value
        return
    etcd.call("/v3/auth/role/grant", {"name": role, "perm": perm})


def ensure_roles(etcd: Etcd, scope: str, names: Iterable[str] = USERS[:4]) -> None:
    """The roles and what each may touch."""
    for role in names:
        present(etcd, "/v3/auth/role/add", {"name": role})
    for role, kind, key, end in rights(scope):
        if role in names:
            grant(etcd, role, kind, key, end)


def rights(scope: str) -> list[tuple[str, str, str, str | None]]:
    """(role, what, key, end of the range or None for one key)."""
    own = f"{PREFIX}{scope}/"

    def below(prefix: str) -> tuple[str, str]:
        return prefix, prefix_end(prefix)

    return [
        ("patroni", "READWRITE", *below(PREFIX)),
        ("guard", "READWRITE", f"{own}leader", None),
        ("guard", "READWRITE", *below(f"{own}members/")),
        *(("guard", "READ", f"{own}{name}", None) for name in ("stopping", "config")),
        ("autoscaler", "READWRITE", *below(f"{PREFIX}autoscaler/{scope}/")),
        *(("autoscaler", "READ", f"{own}{name}", None) for name in ("leader", "stopping")),
        ("site", "READWRITE", *below(f"{PREFIX}site/")),
        ("site", "READWRITE", *below(f"{PREFIX}witness/")),
        ("site", "READWRITE", f"{own}config", None),
        *(("site", "READ", f"{own}{name}", None) for name in ("leader", "initialize", "history")),
    ]


def ensure_password(etcd: Etcd, name: str, password: str) -> None:
    """When the secret has changed, root, whose password is right, sets the new one."""
    try:
        Etcd(etcd.hosts, name, password, etcd.timeout).login()
    except EtcdUnreachable:
        raise
    except EtcdError:
        etcd.call("/v3/auth/user/changepw", {"name": name, "password": password})


def ensure(etcd: Etcd, scope: str, passwords: dict[str, str]) -> None:
    """One pass; raises EtcdError when etcd cannot do it now. `passwords` by user, root's too."""
    enabled = etcd.login()
    ensure_roles(etcd, scope, list(passwords))
    for name, password in passwords.items():
        ensure_user(etcd, name, password, name)
    if not enabled:
        etcd.call("/v3/auth/enable")
        return
    for name, password in passwords.items():
        if name != "root":
            ensure_password(etcd, name, password)


def main() -> None:
    passwords = {name: read_secret(f"etcd-{name}") for name in users()}
    scope = os.environ.get("HOLDFAST_SCOPE") or sys.exit("holdfast: HOLDFAST_SCOPE is missing")
    said = ""
    while True:
        try:
            etcd = Etcd(["127.0.0.1"], "root", passwords["root"], timeout=5.0)
            ensure(etcd, scope, passwords)
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
