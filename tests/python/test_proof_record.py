"""Records of drills: what they say, that their signature holds, and that a changed one is found."""

import json
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from image_paths import use

use("backup")

from backup import paths  # noqa: E402
from proof import record  # noqa: E402
from proof.checks import Findings  # noqa: E402

AT = 1795612131.0


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(folder, name):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{folder}/{name}.key")
    openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        f"{folder}/{name}.key",
        "-days",
        "2",
        "-subj",
        f"/CN={name}",
        "-out",
        f"{folder}/{name}.crt",
    )


def leaf(folder, by, name, file):
    key, request = f"{folder}/{file}.key", f"{folder}/{file}.csr"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
    openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        f"{folder}/{by}.crt",
        "-CAkey",
        f"{folder}/{by}.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-out",
        f"{folder}/{file}.crt",
    )


def body(passed=True):
    found = Findings(lambda _text: None)
    found.add("restore", [] if passed else ["broken"], "restored")
    found.label, found.rto, found.recovered_to = "20261125-130854F", 3.5, AT
    now = time.time()
    return record.build(found, "local", "physical", now - 5, now, {"pg": "17"})


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class Signature(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.keys)
        authority(cls.keys, "ours")
        authority(cls.keys, "theirs")
        leaf(cls.keys, "ours", "restore-drill", "drill")
        leaf(cls.keys, "ours", "postgres-1", "node")
        leaf(cls.keys, "theirs", "restore-drill", "foreign")

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.sign_as("drill")

    def sign_as(self, name):
        files = {"CERTIFICATE": f"{name}.crt", "KEY": f"{name}.key", "CA_CERTIFICATE": "ours.crt"}
        for key, file in files.items():
            patch = mock.patch.object(paths, key, self.keys / file)
            patch.start()
            self.addCleanup(patch.stop)

    def test_a_record_as_written_is_believed(self):
        path = record.write(body(), self.folder)
        self.assertEqual(record.faults(path), [])
        self.assertEqual(json.loads(path.read_text())["signer"], "CN=restore-drill")
        self.assertEqual(record.read_all(self.folder)[0]["label"], "20261125-130854F")

    def test_a_changed_record_is_not(self):
        path = record.write(body(passed=False), self.folder)
        path.write_text(path.read_text().replace('"passed": false', '"passed": true'))
        self.assertIn("dgst", "".join(record.faults(path)))

    def test_another_records_signature_is_none(self):
        path = record.write(body(), self.folder)
        other = record.write({**body(), "id": f"{path.stem[:16]}-cloud-logical"}, self.folder)
        other.with_suffix(".sig").rename(path.with_suffix(".sig"))
        self.assertNotEqual(record.faults(path), [])

    def test_a_missing_signature_is_told(self):
        path = record.write(body(), self.folder)
        path.with_suffix(".sig").unlink()
        self.assertEqual(record.faults(path), [f"{path.stem}.sig is missing"])

    def test_a_certificate_of_another_authority_is_not_believed(self):
        self.sign_as("foreign")
        path = record.write(body(), self.folder)
        self.sign_as("drill")
        self.assertIn("openssl verify", "".join(record.faults(path)))

    def test_nor_one_of_our_authority_for_somebody_else(self):
        self.sign_as("node")
        path = record.write(body(), self.folder)
        self.sign_as("drill")
        self.assertEqual(record.faults(path), [f"{path.stem}.crt is not CN=postgres-1's"])


class Content(unittest.TestCase):
    def test_a_passed_drill(self):
        got = body()
        self.assertTrue(got["passed"])
        self.assertEqual(got["error"], "")
        self.assertEqual(got["recoveredTo"], "2026-11-25T13:08:51Z")
        self.assertIsNone(got["mark"])
        self.assertTrue(got["id"].endswith("Z-local-physical"))

    def test_a_failed_drill_names_its_reason(self):
        got = body(passed=False)
        self.assertFalse(got["passed"])
        self.assertEqual(got["error"], "restore: broken")

    def test_records_end_after_400_days_with_all_that_belongs_to_them(self):
        day = 86400.0
        now = 500 * day + AT
        old = ["20261125T130851Z-local-physical" + suffix for suffix in (".json", ".sig", ".crt")]
        young = ["20280101T000000Z-local-physical.json"]
        strange = ["notes.json", "20261125T130851Z-local-physical.txt", "1999.crt"]
        self.assertEqual(record.expired([*young, *strange, *old], now), sorted(old))
        self.assertEqual(record.expired(old, AT + 399 * day), [])


if __name__ == "__main__":
    unittest.main()
