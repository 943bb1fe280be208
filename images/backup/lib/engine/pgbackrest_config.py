"""pgBackRest's configuration files on tmpfs: one for each repository, each as if it were alone.

/etc/holdfast/live/pgbackrest.conf is rendered for people to read: all `repo1-*` and `repo2-*`
options, no secret. From it come /run/holdfast/pgbackrest/local.conf and cloud.conf, in which the
one repository is number 1 (a node that restores asks its repository host for `repo1`), and beside
them `<repository>-nodes.conf`, the same with the nodes that run: pgBackRest refuses to read or
write the archive with a file that names a database on another host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from backup import paths
from backup.cluster import Member
from backup.errors import BackupError, RepositoryFault
from backup.private import replace

from .types import CLOUD, LOCAL

SERVER_PORT = 8432
# The nodes' own configuration: pgBackRest's remote half there must not read this host's path.
NODE_CONFIG = "/etc/holdfast/pgbackrest.conf"
SOURCE = "source"
# The other site's archive in the cloud, from which a standby here replays while the link is down.
OTHER_SITE = "other-site"
NUMBERS = {LOCAL: 1, CLOUD: 2, OTHER_SITE: 3}
# A server that takes the connection and then says nothing must not hold up a run for long; each
# request is tried three times.
CLOUD_IO_SECONDS = 15
# A copy that recovers from S3 gets its WAL fetched ahead of need. Most of a fetch is waiting for
# the network, and each start of the fetching reads the archive's description first: so some at a
# time, and 16 segments of room, of which half are asked for again as soon as they are used up. A
# folder gives a segment in 15 ms, and to fetch ahead from it costs more than it saves (measured).
FETCHERS = 4
AHEAD_MIB = 256
_OPTION = re.compile(r"repo(\d+)-(.+)")
_HEADER = re.compile(r"\[([^:\]]+)\]")


def derive(text: str, repository: str, secrets: Mapping[str, str], stanza: str) -> str:
    """The file for one repository from the rendered one. Pure.

    `secrets`: options to add for it, without `repo1-`.
    """
    number = str(NUMBERS[repository])
    lines: list[str] = []
    for line in text.splitlines():
        option = _OPTION.fullmatch(line)
        if option is None:
            lines.append(line)
        elif option[1] == number:
            lines.append(f"repo1-{option[2]}")
    globals_end = lines.index(f"[{stanza}]") if f"[{stanza}]" in lines else len(lines)
    added = [f"repo1-{key}={value}" for key, value in secrets.items()]
    # Each repository has locks of its own: a run that hangs in one must not keep the other away.
    added.append(f"lock-path={paths.RUNTIME / 'lock' / repository}")
    if repository in (CLOUD, OTHER_SITE) and not any(line.startswith("io-timeout=") for line in lines):
        added.append(f"io-timeout={CLOUD_IO_SECONDS}")
    section = [*ahead(CLOUD), ""] if repository == CLOUD else []
    lines[globals_end:globals_end] = ["# Added at run time.", *added, "", *section]
    if f"[{stanza}]" not in lines:
        lines.append(f"[{stanza}]")
    return "\n".join(lines) + "\n"


def ahead(repository: str) -> list[str]:
    """The section by which recovery finds its WAL fetched already. Pure.

    The room is the scratch space's, which every restore empties before it begins and after, and
    each repository has a folder of its own: what one gave must never prove another.
    """
    return [
        "[global:archive-get]",
        "archive-async=y",
        f"archive-get-queue-max={AHEAD_MIB}MiB",
        f"process-max={FETCHERS}",
        f"spool-path={paths.SCRATCH / 'spool' / repository}",
    ]


def node_options(members: Iterable[Member], data_directory: str) -> str:
    """The stanza section's lines: one pgN entry per member that runs, in Patroni's order. Pure."""
    lines: list[str] = []
    for number, member in enumerate(members, start=1):
        entry = {
            "host": member.host,
            "host-type": "tls",
            "host-port": str(SERVER_PORT),
            "host-config": NODE_CONFIG,
            "host-ca-file": str(paths.CA_CERTIFICATE),
            "host-cert-file": str(paths.CERTIFICATE),
            "host-key-file": str(paths.KEY),
            "path": data_directory,
            "port": str(member.port),
            "socket-path": "/run/postgresql",
            "user": "postgres",
        }
        lines += [f"pg{number}-{key}={value}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


def source(order: Mapping[str, object]) -> str:
    """The file for another stack's repository, which is only read. Pure.

    `order`: {stanza, path, endpoint, region, bucket, pathStyle, keyId, keySecret, cipherPass,
    caCertificate (PEM text or null)}; without `endpoint`, `path` is a folder here, in the clear.
    Raises BackupError naming what is missing.
    """
    stanza = _text(order, "stanza")
    options = {"log-level-console": "info", "log-level-file": "off", "process-max": "2"}
    options["lock-path"] = str(paths.RUNTIME / "lock" / SOURCE)
    options["repo1-path"] = _text(order, "path")
    if order.get("endpoint"):
        options |= {
            "repo1-type": "s3",
            "repo1-s3-endpoint": _text(order, "endpoint"),
            "repo1-s3-region": _text(order, "region"),
            "repo1-s3-bucket": _text(order, "bucket"),
            "repo1-s3-uri-style": "path" if order.get("pathStyle") else "host",
            "repo1-s3-key": _text(order, "keyId"),
            "repo1-s3-key-secret": _text(order, "keySecret"),
            "repo1-cipher-type": "aes-256-cbc",
            "repo1-cipher-pass": _text(order, "cipherPass"),
            "io-timeout": str(CLOUD_IO_SECONDS),
        }
        if order.get("caCertificate"):
            options["repo1-storage-ca-file"] = str(paths.PGBACKREST / "source-ca.crt")
    lines = [f"{key}={value}" for key, value in options.items()]
    section = [*ahead(SOURCE), ""] if order.get("endpoint") else []
    return "\n".join(["[global]", *lines, "", *section, f"[{stanza}]"]) + "\n"


def stanza_of(path: Path) -> str:
    """The stanza that a file is for: its section that is not global."""
    names = [match[1] for line in path.read_text().splitlines() if (match := _HEADER.match(line))]
    return next(name for name in names if name != "global")


def path_of(repository: str, nodes: bool = False) -> Path:
    """Where a repository's file is."""
    return paths.PGBACKREST / f"{repository}{'-nodes' if nodes else ''}.conf"


def write(repository: str, stanza: str, rendered: Path = paths.PGBACKREST_CONFIG) -> Path:
    """Brings a repository's file up to date and returns its path; untouched when it is right."""
    try:
        text = rendered.read_text()
    except OSError as error:
        raise BackupError(f"cannot read {rendered}: {error.strerror}") from error
    target = path_of(repository)
    replace(target, derive(text, repository, _secrets(repository), stanza))
    return target


def write_nodes(repository: str, stanza: str, members: list[Member], data_directory: str) -> Path:
    """The same for the file that also names the nodes that run."""
    text = write(repository, stanza).read_text()
    target = path_of(repository, nodes=True)
    replace(target, text + node_options(members, data_directory))
    return target


def forget_source() -> None:
    """Removes the source repository's configuration, with its secrets."""
    for path in (path_of(SOURCE), paths.PGBACKREST / "source-ca.crt"):
        path.unlink(missing_ok=True)


def write_source(order: Mapping[str, object]) -> Path:
    """Makes another stack's repository readable as `source`."""
    text = source(order)
    certificate = order.get("caCertificate")
    if certificate:
        replace(paths.PGBACKREST / "source-ca.crt", str(certificate))
    replace(path_of(SOURCE), text)
    return path_of(SOURCE)


def write_other_site(stanza: str, rendered: Path = paths.PGBACKREST_CONFIG) -> None:
    """Makes the other site's archive readable, where the rendered file names one."""
    try:
        text = rendered.read_text()
    except OSError as error:
        raise BackupError(f"cannot read {rendered}: {error.strerror}") from error
    if any((one := _OPTION.fullmatch(line)) and one[1] == "3" for line in text.splitlines()):
        # Its stanza is the reader's to name: each command does.
        replace(path_of(OTHER_SITE), derive(text, OTHER_SITE, _secrets(OTHER_SITE), stanza))
    else:
        path_of(OTHER_SITE).unlink(missing_ok=True)


def _secrets(repository: str) -> dict[str, str]:
    if repository not in (CLOUD, OTHER_SITE):
        return {}
    return {
        "s3-key": secret(paths.CLOUD_KEY_ID),
        "s3-key-secret": secret(paths.CLOUD_KEY_SECRET),
        "cipher-pass": secret(paths.CIPHER_PASS),
    }


def secret(path: Path) -> str:
    """A secret of the cloud's; a missing one is the cloud's fault alone."""
    try:
        return path.read_text().strip()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise RepositoryFault(CLOUD, "credentials", message) from error


def _text(order: Mapping[str, object], key: str) -> str:
    value = order.get(key)
    if not isinstance(value, str) or not value or "\n" in value:
        raise BackupError(f"the source repository's {key} must be a line of text")
    return value
