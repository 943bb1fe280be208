"""A drill's record: signed with the container's TLS key, so that it can be believed later.

records/<id>.json, with <id>.sig (`openssl dgst -sha256 -sign`) and <id>.crt beside it: whoever has
the stack's CA certificate checks it with openssl alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from backup import paths
from backup.errors import BackupError

from .checks import Findings
from .times import iso, seconds, stamp

KEEP_SECONDS = 400 * 86400
OPENSSL_SECONDS = 20
SUFFIXES = (".json", ".sig", ".crt")
Record = dict[str, Any]


def build(
    found: Findings,
    repository: str,
    kind: str,
    started: float,
    finished: float,
    tools: dict[str, str],
) -> Record:
    """The record of a drill. Pure, but for the signer's name, which `write` adds."""
    point = {"lsn": found.mark_lsn, "at": _iso(found.mark_at)} if found.mark_lsn else None
    checks = [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in found.checks]
    return {
        "id": f"{stamp(started)}-{repository}-{kind}",
        "startedAt": iso(started),
        "finishedAt": iso(finished),
        "repository": repository,
        "kind": kind,
        "label": found.label,
        "target": {"kind": found.target_kind, "value": found.target_value},
        "passed": found.passed,
        "error": found.error,
        "rtoSeconds": found.rto,
        "rpoSeconds": found.rpo,
        "recoveredTo": _iso(found.recovered_to),
        "mark": point,
        "tables": found.tables,
        "rows": found.rows,
        "checks": checks,
        "marker": {"presentAt": _iso(found.present_at), "absentAt": _iso(found.absent_at)},
        "bytes": found.bytes,
        "tools": tools,
    }


def write(record: Record, folder: Path | None = None) -> Path:
    """Signs and stores the record; adds "signer" to it. Removes those that are too old.

    The JSON comes last: where it is, its signature is.
    """
    folder = paths.RECORDS if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    record["signer"] = subject(paths.CERTIFICATE)
    path = folder / f"{record['id']}.json"
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        file.write(json.dumps(record, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    signature = path.with_suffix(".sig")
    _openssl("dgst", "-sha256", "-sign", paths.KEY, "-out", signature, partial)
    path.with_suffix(".crt").write_bytes(paths.CERTIFICATE.read_bytes())
    partial.replace(path)
    for old in expired([entry.name for entry in folder.iterdir()], time.time()):
        (folder / old).unlink(missing_ok=True)
    return path


def expired(names: list[str], now: float) -> list[str]:
    """Names of files whose record is older than 400 days. Pure; other files are nobody's here."""
    limit = stamp(now - KEEP_SECONDS)
    own = [name for name in names if Path(name).suffix in SUFFIXES and name[8:9] == "T"]
    return sorted(name for name in own if name[:16] < limit)


def read_all(folder: Path | None = None) -> list[Record]:
    """Every record that can be read, oldest first."""
    folder = paths.RECORDS if folder is None else folder
    found: list[Record] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            body = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if isinstance(body, dict):
            found.append(body)
    return found


def faults(path: Path) -> list[str]:
    """Why the record cannot be believed; empty when it can."""
    signature, certificate = path.with_suffix(".sig"), path.with_suffix(".crt")
    missing = [f"{part.name} is missing" for part in (signature, certificate) if not part.exists()]
    if missing:
        return missing
    try:
        body = json.loads(path.read_text())
        signed_at = int(seconds(str(body["finishedAt"])))
        signer = str(body["signer"])
    except (OSError, ValueError, KeyError, TypeError, BackupError) as error:
        return [f"{path.name} is no record: {error!r}"]
    found = []
    try:
        if subject(certificate) != signer or signer != subject(paths.CERTIFICATE):
            found.append(f"{certificate.name} is not {signer}'s")
        # A certificate that has ended since did sign while it was good.
        _openssl("verify", "-CAfile", paths.CA_CERTIFICATE, "-attime", signed_at, certificate)
        key = _openssl("x509", "-in", certificate, "-noout", "-pubkey")
        # openssl takes the key from a file only; the pipe's end is one.
        reader, writer = os.pipe()
        os.write(writer, key.encode())
        os.close(writer)
        try:
            _openssl(
                "dgst", "-sha256", "-verify", f"/dev/fd/{reader}", "-signature", signature, path,
                keep=(reader,),
            )  # fmt: skip
        finally:
            os.close(reader)
    except BackupError as error:
        found.append(str(error))
    return found


def subject(certificate: Path) -> str:
    """The certificate's subject, e.g. `CN=restore-drill`."""
    text = _openssl("x509", "-in", certificate, "-noout", "-subject", "-nameopt", "RFC2253")
    return text.strip().removeprefix("subject=").strip()


def _openssl(*arguments: object, keep: tuple[int, ...] = ()) -> str:
    command = ["openssl", *(str(argument) for argument in arguments)]
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=OPENSSL_SECONDS,
            pass_fds=keep,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupError(f"openssl {arguments[0]}: {error}") from error
    if answer.returncode != 0:
        text = " ".join((answer.stdout + answer.stderr).split())
        raise BackupError(f"openssl {arguments[0]} {Path(str(arguments[-1])).name}: {text[-300:]}")
    return answer.stdout


def _iso(moment: float | None) -> str | None:
    return None if moment is None else iso(moment)
