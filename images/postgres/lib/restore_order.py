"""What a member is told about a restore: the order, checked. Pure.

    {"id": "20261125T120000Z-1f3a", "repository": "local" | "cloud" | "source",
     "target": {"kind": "latest" | "time" | "lsn", "value": "2026-11-25T11:58:00Z"},
     "label": null | "20261125-020000F", "stanza": "dev-a", "restorer": "postgres-1",
     "members": ["postgres-1", "postgres-2"], "discard": false}
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

REPOSITORIES = ("local", "cloud", "source")
KINDS = ("latest", "time", "lsn")
NAME = re.compile(r"^[a-z0-9][a-z0-9-]*$")
ID = re.compile(r"^[A-Za-z0-9-]{1,64}$")
LABEL = re.compile(r"^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$")
LSN = re.compile(r"^[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}$")


class OrderFault(Exception):
    """The order cannot be carried out as it is; the text says why."""


@dataclass(frozen=True)
class Order:
    """An order whose words have been checked."""

    id: str
    repository: str
    kind: str
    value: str
    label: str | None
    stanza: str
    restorer: str
    members: tuple[str, ...]
    discard: bool = False
    given: dict = field(default_factory=dict, compare=False, repr=False)

    def time(self) -> datetime | None:
        """The moment to recover to, None unless the target is one."""
        return parse_time(self.value) if self.kind == "time" else None


def parse_time(text: str) -> datetime:
    """An ISO time; one that names no zone is UTC. OrderFault when it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise OrderFault(f"{text!r} is no time, as 2026-11-25T11:58:00Z is one") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse(given: object) -> Order:
    """The order in a JSON object. OrderFault names the first thing that is wrong."""
    if not isinstance(given, dict):
        raise OrderFault("an order is a JSON object")
    target = given.get("target")
    if not isinstance(target, dict) or target.get("kind") not in KINDS:
        raise OrderFault(f"target.kind must be one of {', '.join(KINDS)}")
    kind, value = target["kind"], str(target.get("value") or "")
    if kind == "time":
        parse_time(value)
    if kind == "lsn" and not LSN.match(value):
        raise OrderFault(f"target.value {value!r} is no LSN, as 0/3000148 is one")
    members = given.get("members") or [given.get("restorer")]
    if not isinstance(members, list):
        raise OrderFault("members must be a list of names")
    for what, word, form in (
        ("id", given.get("id"), ID),
        ("stanza", given.get("stanza"), NAME),
        ("restorer", given.get("restorer"), NAME),
        *(("members", name, NAME) for name in members),
        *((("label", given["label"], LABEL),) if given.get("label") is not None else ()),
    ):
        if not isinstance(word, str) or not form.match(word):
            raise OrderFault(f"{what}: {word!r} cannot be one")
    if given.get("repository") not in REPOSITORIES:
        raise OrderFault(f"repository must be one of {', '.join(REPOSITORIES)}")
    if given["restorer"] not in members:
        raise OrderFault("the restorer must be one of the members")
    return Order(
        id=given["id"],
        repository=given["repository"],
        kind=kind,
        value=value,
        label=given.get("label"),
        stanza=given["stanza"],
        restorer=given["restorer"],
        members=tuple(members),
        discard=bool(given.get("discard")),
        given=given,
    )
