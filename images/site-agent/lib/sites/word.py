"""The one thing that a site asks of the other: POST /confirm, and how it knows who asks. Pure.

Whoever is on a site's network may read its agent's pages; a confirmation raises an epoch, so it is signed
with a password that both agents have and no application has.
"""

import hashlib
import hmac
import json

PATH = "/confirm"
SIGNATURE = "X-Holdfast-Signature"


def question(site: str, epoch: int, key: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers."""
    body = json.dumps({"site": site, "epoch": epoch}).encode()
    return body, {"Content-Type": "application/json", SIGNATURE: _signed(body, key)}


def asked(body: bytes, signature: str, key: str) -> tuple[str, int] | None:
    """Who asks, and the epoch that is to be confirmed; None for what the other agent has not written."""
    if not hmac.compare_digest(_signed(body, key).encode(), signature.encode()):
        return None
    try:
        given = json.loads(body)
        return str(given["site"]), int(given["epoch"])
    except (ValueError, KeyError, TypeError):
        return None


def _signed(body: bytes, key: str) -> str:
    return hmac.new(key.encode(), PATH.encode() + b"\n" + body, hashlib.sha256).hexdigest()
