"""What pgBackRest's errors mean: a cause that an alert can name, and a line for people. Pure.

The texts are those of 2.55.1, each made to happen (tests/python/test_engine_faults.py has them).
"""

from __future__ import annotations

import re

from backup.errors import Cause

LONGEST = 500
_PREFIX = re.compile(r"^\S+ [\d:.]+ P\d\d\s+(?:ERROR|WARN|INFO): ")
_BEFORE_THE_ERROR = re.compile(r" P\d\d\s+INFO: ")
_RETRIES = re.compile(r"^\[\w+\] on (?:\d+ )?retr")
_ANSWER = re.compile(r"<Code>(\w*)</Code>(?:<Message>([^<]*)</Message>)?")
# Followed by the file's first bytes, which are no text when the cipher pass is another.
_NO_TEXT = re.compile(r"(.*found outside of section at line \d+)\b")

# First match wins. The cloud's own words (an S3 error code) stand before pgBackRest's conclusions.
_CAUSES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    ("clock", re.compile(r"RequestTimeTooSkewed|RequestExpired")),
    ("bucket", re.compile(r"NoSuchBucket")),
    (
        "credentials",
        re.compile(
            r"SignatureDoesNotMatch|InvalidAccessKeyId|XAdminUserNotFound|AccessDenied"
            r"|ExpiredToken|InvalidToken|failed with 40[13]\b"
        ),
    ),
    (
        "full",
        re.compile(
            r"No space left on device|Disk quota exceeded|QuotaExceeded|StorageFull|\[507\]"
            r"|failed with 507"
        ),
    ),
    (
        "certificate",
        re.compile(
            r"unable to verify certificate|unable to set user-defined CA"
            r"|unable to find hostname .* in certificate|certificate has expired"
        ),
    ),
    (
        "unreachable",
        re.compile(
            r"HostConnectError|ServiceError|unable to connect to|unable to get address"
            r"|\[5\d\d\]|failed with 5\d\d|timeout (?:connecting|after)|timeout while"
            r"|FileReadError.*socket|TLS error|did not end within|gave no answer for"
        ),
    ),
    (
        "stanza",
        re.compile(
            r"do not match the database|do(?:es)? not match the stanza|ArchiveMismatchError"
            r"|BackupMismatchError|(?:missing file|load info file) '\S*(?:archive|backup)\.info"
            r".*FileMissingError|missing file '\S*(?:archive|backup)\.info|missing stanza"
            r"|ERROR: \[0(?:28|44|51)\]|stanza .* already exists"
        ),
    ),
    (
        "damaged",
        re.compile(
            r"FormatError|ChecksumError|CryptoError|invalid checksum|invalid size|unexpected eof"
            r"|unable to (?:flush|decompress|decrypt)|ERROR: \[0(?:26|29|95)\]|bad decrypt"
            r"|missing file '|FileMissingError|unexpected (?:magic|checksum)|JsonFormat",
        ),
    ),
)


def cause_of(lines: list[str]) -> Cause:
    """The cause that an error's lines name; `other` when they name none that is known."""
    # Advice asks "has a stanza-create been performed?" whatever the matter is.
    text = "\n".join(line for line in lines if not line.strip().startswith("HINT:"))
    return next((cause for cause, pattern in _CAUSES if pattern.search(text)), "other")


def essence(lines: list[str]) -> str:
    """An error's lines as one for people: no headers, no advice, nothing twice."""
    found: list[str] = []
    skipping = False
    first = next((i for i, line in enumerate(lines) if _is_error(line)), 0)
    for line in lines[first:]:
        text = _PREFIX.sub("", line).strip()
        answer = _ANSWER.search(text)
        if answer:
            text, skipping = f"{answer[1]}: {answer[2] or ''}".rstrip(": "), False
        elif text.startswith("***"):
            skipping = True
        # Within a request's and answer's headers only the next error's line is of interest.
        elif skipping and not re.match(r"\w+Error: |\[\d+\]: ", text):
            continue
        else:
            skipping = False
        dropped = skipping or text.startswith("HINT:") or _RETRIES.match(text)
        quoted = _NO_TEXT.match(text)
        text = f"{quoted[1]} (is the cipher pass another?)" if quoted else text
        if text and not dropped and text not in found and not _BEFORE_THE_ERROR.search(line):
            found.append(text)
        if quoted:
            break
    return " ".join(found)[:LONGEST] or "no reason given"


def _is_error(line: str) -> bool:
    return " ERROR: " in line or " WARN: repo" in line or line.startswith(("[", "pgbackrest did"))
