"""SCRAM verifiers, as pg_authid holds them."""

import base64
import hashlib
import hmac


def verifies(password: str, verifier: str | None) -> bool:
    """True when a SCRAM verifier from pg_authid belongs to this password."""
    if not verifier or not verifier.startswith("SCRAM-SHA-256$"):
        return False
    try:
        _, middle, keys = verifier.split("$")
        rounds, salt = middle.split(":")
        stored = base64.b64decode(keys.split(":")[0])
        salted = hashlib.pbkdf2_hmac(
            "sha256", password.encode(), base64.b64decode(salt), int(rounds)
        )
    except ValueError:
        return False
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client).digest(), stored)
