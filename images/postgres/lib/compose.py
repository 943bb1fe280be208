"""Composes Patroni's configuration folder on tmpfs: fixed part, bootstrap part, secrets."""

import os
import shutil
from pathlib import Path

import yaml

from dynamic import read_live
from facts import secret

FIXED = Path("/etc/holdfast/patroni.yml")
FOLDER = Path("/run/patroni/config")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner reads, whole or not at all."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    part.replace(path)


def secrets_part() -> dict:
    """What Patroni must know and no rendered file may hold."""
    return {
        "restapi": {"authentication": {"password": secret("patroni-rest")}},
        "etcd3": {"password": secret("etcd-patroni")},
        "postgresql": {
            "authentication": {
                "superuser": {"password": secret("postgres-superuser")},
                "replication": {"password": secret("postgres-replication")},
                "rewind": {"password": secret("postgres-rewind")},
            }
        },
    }


def tag_nofailover(on: bool) -> None:
    """Says in the folder whether this member may lead; Patroni reads it at its next reload."""
    _part("40-tags.yml", {"tags": {"nofailover": True}}, on)


def tag_unled(on: bool) -> None:
    """The same for a member that was made from a backup while nobody led; each reason by itself."""
    _part("41-unled.yml", {"tags": {"nofailover": True}}, on)


def tag_leaving(on: bool) -> None:
    """A member that leaves for good: nobody promotes it, and no commit waits for it."""
    _part("42-leaving.yml", {"tags": {"nofailover": True, "nosync": True}}, on)


def bootstrap_from_backup(on: bool) -> None:
    """How the next Patroni founds a cluster: from a backup, or with an empty database."""
    _part("25-bootstrap.yml", {"bootstrap": {"method": "holdfast"}}, on)


def site_part(config: dict) -> None:
    """What the site's role adds to the configuration that a cluster begins with."""
    _part("22-site.yml", {"bootstrap": {"dcs": config}}, bool(config))


def _part(name: str, content: dict, present: bool) -> None:
    file = FOLDER / name
    if present:
        write_private(file, yaml.safe_dump(content))
    else:
        file.unlink(missing_ok=True)


def compose() -> Path:
    """Writes the folder and returns it; Patroni reads its files in the order of their names.

    `bootstrap.dcs` counts only while the cluster has no configuration yet; later the same live
    files reach it by holdfast-apply-settings.
    """
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(FIXED, FOLDER / "10-fixed.yml")
    bootstrap = {"bootstrap": {"dcs": read_live()}}
    write_private(FOLDER / "20-bootstrap.yml", yaml.safe_dump(bootstrap, sort_keys=False))
    write_private(FOLDER / "30-secrets.yml", yaml.safe_dump(secrets_part()))
    return FOLDER
