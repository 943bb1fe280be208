"""Whether a member is made from a backup or from the leader. Pure."""

from dataclasses import dataclass

from lineage import Backup

# Below that a base backup from the leader is over before pgBackRest has looked at the files.
LEAST_BYTES = 1024**3
# The leader keeps at least this much WAL for whoever comes (wal_keep_size).
AGE_SECONDS = 3600.0


@dataclass(frozen=True)
class Offer:
    """The best base backup of one repository."""

    repository: str
    backup: Backup
    timeline: int


def decide(
    offers: list[Offer],
    led: bool,
    now: float,
    system: int | None,
    tried: str = "",
    most_age: float = AGE_SECONDS,
    least_bytes: int = LEAST_BYTES,
) -> tuple[Offer | None, str]:
    """The backup to begin with, or None for the leader's own copy; and why, in words.

    Args:
        offers: the nearest repository first.
        led: somebody leads, so that copying from him is possible.
        system: the cluster's database system identifier, None when it is not known.
        tried: the label that this member was made from the last time.
        most_age, least_bytes: see the settings; they do not count while nobody leads.
    """
    if led and system is None:
        return None, "the cluster's identifier is not known"
    reasons = []
    for offer in offers:
        backup, age = offer.backup, now - offer.backup.stop
        where = f"{backup.label} in {offer.repository}"
        if system is not None and backup.system != system:
            reasons.append(f"{where} is of another database")
        elif backup.label == tried:
            reasons.append(f"{where} was tried before")
        elif led and age > most_age:
            reasons.append(f"{where} is {age:.0f} s old, over {most_age:.0f}")
        elif led and backup.bytes < least_bytes:
            size, least = backup.bytes // 2**20, least_bytes // 2**20
            reasons.append(f"{where} holds {size} MiB, under {least}")
        else:
            return offer, f"{where} is {age:.0f} s old and holds {backup.bytes // 2**20} MiB"
    return None, "; ".join(reasons) or "no repository offers a backup"


def segments_after(name: str) -> tuple[int, int]:
    """The timeline and number of a WAL file, to count on from."""
    return int(name[:8], 16), int(name[8:16], 16) * 256 + int(name[16:24], 16)


def segment_name(timeline: int, number: int) -> str:
    """The file's name of 16 MiB segment `number` on a timeline."""
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"
