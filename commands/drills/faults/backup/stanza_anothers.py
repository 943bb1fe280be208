"""Writes another cluster's identifier into a stanza's files, with the checksum that they carry.

The files as they were stay beside them. Arguments: the repository's folder, the suffix of those.
"""

import hashlib
import re
import shutil
import sys
from pathlib import Path

STAMP = re.compile(r'(?m)^backrest-checksum="([0-9a-f]{40})"$')
SYSTEM_ID = re.compile(r"(?m)^db-system-id=(\d+)$")


def checksum(text: str) -> str:
    """pgBackRest's: SHA-1 over sections and their keys as one JSON object."""
    sections: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("backrest-checksum="):
            key, _, value = line.partition("=")
            current.append(f'"{key}":{value}')
    bodies = (f'"{name}":{{{",".join(pairs)}}}' for name, pairs in sections.items())
    return hashlib.sha1(f"{{{','.join(bodies)}}}".encode()).hexdigest()


def anothers(text: str) -> str:
    """The file of a cluster whose identifier differs in its last bit."""
    own = SYSTEM_ID.search(text)[1]
    changed = re.sub(rf"\b{own}\b", str(int(own) ^ 1), text)
    return STAMP.sub(f'backrest-checksum="{checksum(changed)}"', changed)


def main(root: Path, suffix: str) -> None:
    files = [*root.glob("archive/*/archive.info*"), *root.glob("backup/*/backup.info*")]
    files = [file for file in files if not file.name.endswith(suffix)]
    if not files:
        sys.exit("the repository has no stanza")
    for file in files:
        text = file.read_text()
        stamp = STAMP.search(text)
        if stamp is None or stamp[1] != checksum(text):
            sys.exit(f"{file} is of a kind that this drill does not know")
    for file in files:
        kept, fresh = (file.with_name(file.name + end) for end in (suffix, ".new"))
        if not kept.exists():
            shutil.copy2(file, kept)
        fresh.write_text(anothers(file.read_text()))
        shutil.copymode(file, fresh)
        fresh.replace(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
