"""Puts a stanza's files back as they were, with the WAL that came meanwhile in its place.

It is the same cluster's WAL. Base backups that only the other files knew are removed. Arguments: the
repository's folder, the suffix of what was kept. May be repeated.
"""

import re
import shutil
import sys
from pathlib import Path

DATABASE = re.compile(r"(?m)^db-id=(\d+)$")
LABEL = re.compile(r"\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?")
LISTED = re.compile(r"(?m)^(\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?)=")
ARCHIVE = re.compile(r"(\d+)-(\d+)")


def join_archives(stanza: Path, info: str) -> None:
    """Archives of later ids (`17-2`) become part of the one that the file names (`17-1`)."""
    own = int(DATABASE.search(info)[1])
    ids = {path: ARCHIVE.fullmatch(path.name) for path in stanza.iterdir() if path.is_dir()}
    later = [path for path, match in ids.items() if match and int(match[2]) > own]
    for other in later:
        target = stanza / f"{ids[other][1]}-{own}"
        for file in [path for path in other.rglob("*") if path.is_file()]:
            place = target / file.relative_to(other)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                file.rename(place)
        shutil.rmtree(other)


def remove_unlisted(stanza: Path, info: str) -> None:
    """Base backups that the file does not list."""
    known = set(LISTED.findall(info))
    for folder in stanza.iterdir():
        if folder.is_dir() and LABEL.fullmatch(folder.name) and folder.name not in known:
            shutil.rmtree(folder)
    latest = stanza / "latest"
    there = sorted(label for label in known if (stanza / label).is_dir())
    if latest.is_symlink() and not latest.exists() and there:
        latest.unlink()
        latest.symlink_to(there[-1])


def main(root: Path, suffix: str) -> None:
    for kept in root.glob(f"archive/*/archive.info{suffix}"):
        join_archives(kept.parent, kept.read_text())
    for kept in root.glob(f"backup/*/backup.info{suffix}"):
        remove_unlisted(kept.parent, kept.read_text())
    # The copies first: `.info` is what the two above look for, should this be repeated.
    for kept in sorted(root.glob(f"*/*/*{suffix}"), reverse=True):
        kept.replace(kept.with_name(kept.name.removesuffix(suffix)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
