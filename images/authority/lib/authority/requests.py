"""The JSON on holdfast-ca-issue's stdin, checked field by field before any key is touched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .certificates import KeyPair, RequestError

DEFAULT_LEAF_DAYS = 365
LONGEST_LEAF_DAYS = 825
# Common names become lines of configuration elsewhere: nothing but host-name letters.
NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._:-]{0,62}[A-Za-z0-9])?$")


@dataclass(frozen=True)
class LeafRequest:
    """What one certificate is asked to say."""

    authority: KeyPair
    common_name: str
    alt_names: list[str]
    days: int


def parse(text: str) -> LeafRequest:
    """Reads `{"ca": {"key", "crt"}, "commonName", "altNames"?, "days"?}`.

    Raises RequestError, naming the field, for anything else.
    """
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise RequestError(f"stdin is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise RequestError("stdin is not a JSON object")
    unknown = sorted(set(body) - {"ca", "commonName", "altNames", "days"})
    if unknown:
        raise RequestError(f"unknown field {unknown[0]}: known are ca, commonName, altNames, days")
    ca = body.get("ca")
    if not isinstance(ca, dict) or not all(isinstance(ca.get(k), str) for k in ("key", "crt")):
        raise RequestError('ca must be {"key": PEM, "crt": PEM}, as holdfast-ca-create prints it')
    return LeafRequest(
        authority=KeyPair(key=ca["key"], crt=ca["crt"]),
        common_name=_name(body.get("commonName"), "commonName"),
        alt_names=_names(body.get("altNames", [])),
        days=_days(body.get("days", DEFAULT_LEAF_DAYS)),
    )


def _name(value: object, field: str) -> str:
    if not isinstance(value, str) or not NAME.match(value):
        raise RequestError(f"{field} must be a host name or an address of at most 64 letters")
    return value


def _names(value: object) -> list[str]:
    if not isinstance(value, list):
        raise RequestError("altNames must be a list of host names and addresses")
    return [_name(item, f"altNames[{index}]") for index, item in enumerate(value)]


def _days(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LONGEST_LEAF_DAYS:
        raise RequestError(f"days must be a whole number from 1 to {LONGEST_LEAF_DAYS}")
    return value
