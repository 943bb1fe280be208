"""SCRAM verifiers."""

import base64
import hashlib
import hmac
import unittest

from image_paths import use

use("postgres")
from scram import verifies  # noqa: E402


def verifier(password: str, salt: bytes = b"0123456789abcdef", rounds: int = 4096) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(x).decode() for x in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt64}${stored64}:{server64}"


class Verifies(unittest.TestCase):
    def test_right_and_wrong(self) -> None:
        self.assertTrue(verifies("secret", verifier("secret")))
        self.assertFalse(verifies("other", verifier("secret")))

    def test_anything_else_does_not(self) -> None:
        for text in (None, "", "md5abc", "SCRAM-SHA-256$x", "SCRAM-SHA-256$4096:!$a:b"):
            self.assertFalse(verifies("secret", text))


if __name__ == "__main__":
    unittest.main()
