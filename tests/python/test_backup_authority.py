"""The stack's certificate authority; skipped without python3-cryptography (it is in the image)."""

import importlib.util
import json
import unittest

from image_paths import use

use("authority")


@unittest.skipUnless(importlib.util.find_spec("cryptography"), "cryptography is not installed here")
class Authority(unittest.TestCase):
    def setUp(self) -> None:
        from authority.certificates import create_authority

        self.pair = create_authority("Holdfast")
        self.ca = {"key": self.pair.key, "crt": self.pair.crt}

    def test_a_leaf_serves_and_connects_under_its_names(self) -> None:
        from authority.certificates import issue
        from cryptography import x509

        leaf = issue(self.pair, "postgres-1", ["10.0.0.11"], 400)
        certificate = x509.load_pem_x509_certificate(leaf.crt.encode())
        certificate.verify_directly_issued_by(
            x509.load_pem_x509_certificate(self.pair.crt.encode())
        )
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(names.get_values_for_type(x509.DNSName), ["postgres-1"])
        self.assertEqual([str(a) for a in names.get_values_for_type(x509.IPAddress)], ["10.0.0.11"])
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertEqual(len(list(usages)), 2)

    def test_a_leaf_never_outlives_its_authority(self) -> None:
        from authority.certificates import create_authority, issue
        from cryptography import x509

        short = create_authority("Holdfast", days=10)
        leaf = x509.load_pem_x509_certificate(issue(short, "backup", [], 400).crt.encode())
        authority = x509.load_pem_x509_certificate(short.crt.encode())
        self.assertEqual(leaf.not_valid_after_utc, authority.not_valid_after_utc)

    def test_another_authoritys_key_is_refused(self) -> None:
        from authority.certificates import KeyPair, RequestError, create_authority, issue

        mixed = KeyPair(key=create_authority("other").key, crt=self.pair.crt)
        with self.assertRaisesRegex(RequestError, "does not belong"):
            issue(mixed, "backup", [], 1)

    def test_a_wrong_request_names_its_field(self) -> None:
        from authority.certificates import RequestError
        from authority.requests import parse

        good = {"ca": self.ca, "commonName": "backup"}
        self.assertEqual(parse(json.dumps(good)).days, 365)
        for change, field in (
            ({"ca": "x"}, "ca must"),
            ({"commonName": "a\nb"}, "commonName"),
            ({"commonName": "x" * 65}, "commonName"),
            ({"altNames": ["ok", "not ok"]}, r"altNames\[1\]"),
            ({"days": 0}, "days"),
            ({"days": 826}, "days"),
            ({"day": 5}, "unknown field day"),
        ):
            with self.assertRaisesRegex(RequestError, field):
                parse(json.dumps({**good, **change}))
        with self.assertRaisesRegex(RequestError, "not JSON"):
            parse("{")


if __name__ == "__main__":
    unittest.main()
