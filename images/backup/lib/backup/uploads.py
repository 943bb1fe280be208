"""The dumps' second home: `dumps/<label>/` in the cloud, each file sealed on its way.

`sealed.json` is put last and says that the dump is whole: for each object its size and sha256 as
it lies there, and how to open it. The sums of the plain files are in SHA256SUMS, sealed with them.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

from objects import Store, open_store, seal
from objects.types import Missing

from . import paths, retention, sums
from .errors import RepositoryFault
from .settings import Settings

PREFIX = "dumps/"
SEALED_FILE = "sealed.json"
# What of a manifest may be read by whoever may list the bucket: sizes, times, no names of tables.
OPEN_KEYS = ("kind", "label", "stanza", "start", "stop", "bytes", "tools")
OPEN_DATABASE_KEYS = ("name", "bytes", "databaseBytes", "lsn", "snapshotTime", "serverVersion")

Body = dict[str, Any]


def labels(store: Store) -> list[str]:
    """The complete dumps in the cloud, oldest first."""
    ends = f"/{SEALED_FILE}"
    names = [item.name for item in store.list(PREFIX) if item.name.endswith(ends)]
    found = (name.removeprefix(PREFIX).removesuffix(ends) for name in names)
    return sorted(label for label in found if retention.LABEL.match(label))


def upload(store: Store, folder: Path) -> Body:
    """Puts a complete dump's folder into the cloud and returns its sealed.json. Repeatable."""
    label = folder.name
    manifest = json.loads((folder / sums.MANIFEST_FILE).read_text())
    files: list[Body] = []
    for path in sums.files_below(folder):
        name = path.relative_to(folder).as_posix()
        with seal.sealed(path) as content:
            store.put(_object(label, name + seal.SUFFIX), content)  # type: ignore[arg-type]
            sealed_sum, sealed_bytes = content.sha256, content.bytes
        files.append({"name": name, "bytes": path.stat().st_size, "sealedBytes": sealed_bytes})
        files[-1] |= {"object": name + seal.SUFFIX, "sealedSha256": sealed_sum}
    databases = manifest.get("databases", [])
    body = {
        **{key: manifest[key] for key in OPEN_KEYS if key in manifest},
        "databases": [
            {key: entry[key] for key in OPEN_DATABASE_KEYS if key in entry} for entry in databases
        ],
        "open": seal.HOW_TO_OPEN,
        "files": files,
    }
    text = json.dumps(body, indent=2) + "\n"
    store.put(_object(label, SEALED_FILE), io.BytesIO(text.encode()))
    # Listing then asks the cloud only for names. A volume that is full does without.
    with contextlib.suppress(OSError):
        paths.UPLOADS.mkdir(exist_ok=True)
        (paths.UPLOADS / f"{label}.json").write_text(text)
    return body


def sealed(store: Store, label: str) -> Body:
    """A dump's sealed.json; raises RepositoryFault `damaged` when it is none."""
    try:
        body = json.loads(store.read(_object(label, SEALED_FILE)))
        if not isinstance(body["files"], list):
            raise TypeError("files is not a list")
        return dict(body)
    except (ValueError, KeyError, TypeError) as error:
        message = f"dumps/{label}/{SEALED_FILE} cannot be read: {error}"
        raise RepositoryFault("cloud", "damaged", message) from error


def fetch(store: Store, label: str, folder: Path) -> None:
    """Gets a dump, unsealed, into the existing `folder`, and checks every sum on the way.

    Raises Missing when the cloud has no such dump, RepositoryFault `damaged` naming what is not
    what was stored.
    """
    faults = _fetch(store, label, folder)
    if faults:
        told = "; ".join(f"{fault.file} {fault.problem}" for fault in faults)
        raise RepositoryFault("cloud", "damaged", f"dump {label}: {told}")


def check(store: Store, label: str, scratch: Path) -> list[sums.Fault]:
    """What is wrong with a dump in the cloud. `scratch` is made for its files, and removed."""
    scratch.mkdir(parents=True)
    try:
        return _fetch(store, label, scratch)
    finally:
        shutil.rmtree(scratch)


def remove(store: Store, label: str) -> None:
    """Removes a dump, first what says that it is whole."""
    store.remove(_object(label, SEALED_FILE))
    for item in store.list(f"{PREFIX}{label}/"):
        store.remove(item.name)
    (paths.UPLOADS / f"{label}.json").unlink(missing_ok=True)


def abandoned(store: Store, complete: list[str]) -> list[str]:
    """Objects of dumps whose upload did not end. Ask only while holding the lock."""
    names = [item.name for item in store.list(PREFIX)]
    return [name for name in names if name.split("/")[1] not in complete]


def manifests(settings: Settings) -> list[Body]:
    """What the cloud says of each of its dumps; one that cannot be read has its label alone."""
    store = open_store(settings)
    return [_manifest(store, label) for label in labels(store)]


def _manifest(store: Store, label: str) -> Body:
    try:
        return dict(json.loads((paths.UPLOADS / f"{label}.json").read_text()))
    except (OSError, ValueError):
        pass
    try:
        return sealed(store, label)
    except (Missing, RepositoryFault) as error:
        if isinstance(error, RepositoryFault) and error.cause != "damaged":
            raise
        return {"label": label}


def _fetch(store: Store, label: str, folder: Path) -> list[sums.Fault]:
    faults: list[sums.Fault] = []
    for entry in sealed(store, label)["files"]:
        target = folder / Path(entry["name"]).name
        content = target.with_name(target.name + seal.SUFFIX)
        try:
            store.get(_object(label, entry["object"]), content)
            found = sums.digest(content)
            if found != entry["sealedSha256"]:
                problem = f"sha256 is {found}, was {entry['sealedSha256']}"
                faults.append(sums.Fault(entry["object"], problem))
                continue
            seal.unseal(content, target)
        except Missing:
            faults.append(sums.Fault(entry["object"], "is missing"))
        except RepositoryFault as error:
            if error.cause != "damaged":
                raise
            faults.append(sums.Fault(entry["object"], str(error)))
        finally:
            content.unlink(missing_ok=True)
    return faults or sums.check(folder, folder)


def _object(label: str, name: str) -> str:
    return f"{PREFIX}{label}/{name}"
