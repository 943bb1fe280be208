"""pgBackRest 2.55.1's own words, each made to happen, and the cause that an alert names."""

import unittest

from image_paths import use

use("backup")
from engine.pgbackrest_faults import cause_of, essence  # noqa: E402

AT = "2026-11-25 13:01:47.472 P00  ERROR: "
REQUEST = """\
*** Path/Query ***:
GET /holdfast/?delimiter=%2F&list-type=2&prefix=hf%2Fdev-a%2Farchive%2Fdev-a%2F
*** Request Headers ***:
authorization: <redacted>
host: 10.211.0.70
*** Response Headers ***:
content-length: 307
server: VERSITYGW
*** Response Content ***:
<?xml version="1.0" encoding="UTF-8"?>
"""
MISSING_INFO = (
    "repo1: [FileMissingError] unable to load info file '/hf/dev-a/archive/dev-a/archive.info' or "
    "'/hf/dev-a/archive/dev-a/archive.info.copy':\n"
    "FileMissingError: unable to open missing file '/hf/dev-a/archive/dev-a/archive.info' for read"
)
HINT = "\nHINT: has a stanza-create been performed?"


def answered(status: str, code: str, message: str) -> str:
    """A request that S3 refused, as pgBackRest tells it."""
    answer = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId>"
    return f"{AT}[039]: HTTP request failed with {status}:\n{REQUEST}{answer}</Error>"


SAID = {
    "no bucket": (
        "bucket",
        answered("404 (Not Found)", "NoSuchBucket", "The specified bucket does not exist."),
    ),
    "unknown key": (
        "credentials",
        answered("404 (Not Found)", "XAdminUserNotFound", "No user exists with the key."),
    ),
    "wrong secret": (
        "credentials",
        answered("403 (Forbidden)", "SignatureDoesNotMatch", "The signature does not match."),
    ),
    "refused without a reason": (
        "credentials",
        f"{AT}[039]: HTTP request failed with 403 (Forbidden):\n*** Path/Query ***:\nHEAD /holdfast",
    ),
    "our clock is wrong": (
        "clock",
        answered("403 (Forbidden)", "RequestTimeTooSkewed", "The difference is too large."),
    ),
    "nobody listens": (
        "unreachable",
        f"{AT}[049]: unable to connect to '10.211.0.70:7079': [111] Connection refused\n"
        "[HostConnectError] on 10 retries from 100-15001ms: unable to connect",
    ),
    "no such name": (
        "unreachable",
        f"{AT}[049]: unable to get address for 'nowhere.invalid': [-2] Name or service not known",
    ),
    "503": (
        "unreachable",
        f"{AT}[103]: unable to find a valid repository:\nrepo1: [ServiceError] unable to load info "
        "file '/hf/archive/dev-a/archive.info' or '/hf/archive/dev-a/archive.info.copy':\n"
        f"ServiceError: [503] Service Unavailable{HINT}",
    ),
    "it never ended": (
        "unreachable",
        "pgbackrest did not end within 60 s\nP00   INFO: archive-push command begin",
    ),
    "another authority": (
        "certificate",
        f"{AT}[095]: unable to verify certificate presented by '10.211.0.70:7070': [20] unable to "
        "get local issuer certificate",
    ),
    "no authority's file": (
        "certificate",
        f"{AT}[095]: unable to set user-defined CA certificate location: [2147483650] no details",
    ),
    "another name": (
        "certificate",
        f"{AT}[095]: unable to find hostname 'hfb-s3' in certificate common name or subject "
        "alternative names",
    ),
    "the volume is full": (
        "full",
        f"{AT}[064]: unable to write '/small/backup/dev-a/20261125-141916F/backup.manifest.copy."
        "pgbackrest.tmp': [28] No space left on device",
    ),
    "no stanza": ("stanza", f"{AT}[103]: unable to find a valid repository:\n{MISSING_INFO}{HINT}"),
    "another cluster": (
        "stanza",
        f"{AT}[028]: backup and archive info files exist but do not match the database\n"
        "HINT: is this the correct stanza?",
    ),
    "another cluster's backup": (
        "stanza",
        f"{AT}[051]: PostgreSQL version 17, system-id 7712113513637715985 do not match stanza "
        "version 17, system-id 7712091119208456209",
    ),
    "another cluster's segment": (
        "stanza",
        f"{AT}[044]: WAL file '/x/000000010000000000000001' version 17, system-id 1 do not match "
        "stanza version 17, system-id 2",
    ),
    "another cipher pass": (
        "damaged",
        f"{AT}[103]: unable to find a valid repository:\nrepo1: [FormatError] unable to load info "
        "file '/hf/archive/dev-a/archive.info' or '/hf/archive/dev-a/archive.info.copy':\n"
        f"FormatError: key/value found outside of section at line 1: \ufffd\x01%b\nx;5{HINT}",
    ),
    "a bit in archive.info": (
        "damaged",
        "[ChecksumError] unable to load info file '/var/lib/pgbackrest/archive/dev-a/archive.info' "
        "or '/var/lib/pgbackrest/archive/dev-a/archive.info.copy':\n"
        "ChecksumError: invalid checksum, actual 'ea8c' but expected '9051'\n"
        "HINT: has a stanza-create been performed?",
    ),
    "a segment cut short": (
        "damaged",
        "P02   INFO: invalid result 17-1/0000000100000000/000000010000000000000003-04fd.zst: [29] "
        "raised from local-2 protocol: unexpected eof in compressed data",
    ),
    "we have not seen it": ("other", f"{AT}[999]: the moon is full"),
}


class Causes(unittest.TestCase):
    def test_each_is_named(self) -> None:
        for what, (cause, text) in SAID.items():
            with self.subTest(what):
                self.assertEqual(cause_of(text.splitlines()), cause)

    def test_advice_is_no_cause(self) -> None:
        self.assertEqual(cause_of([f"{AT}[999]: odd", *HINT.splitlines()]), "other")


class Essence(unittest.TestCase):
    def told(self, what: str) -> str:
        return essence(SAID[what][1].splitlines())

    def test_of_a_request_the_servers_words_remain(self) -> None:
        self.assertEqual(
            self.told("no bucket"),
            "[039]: HTTP request failed with 404 (Not Found): "
            "NoSuchBucket: The specified bucket does not exist.",
        )

    def test_no_headers_no_advice_no_counts_of_tries(self) -> None:
        for what in SAID:
            told = self.told(what)
            self.assertNotRegex(told, r"HINT|\*\*\*|retries|redacted", what)
            self.assertTrue(told)

    def test_what_is_no_text_is_left_out(self) -> None:
        told = self.told("another cipher pass")
        self.assertTrue(told.endswith("line 1 (is the cipher pass another?)"), told)

    def test_nothing_is_said_twice_and_there_is_an_end(self) -> None:
        self.assertEqual(essence([f"{AT}a", "b", "b"]), "a b")
        self.assertEqual(len(essence([f"{AT}{'x' * 9000}"])), 500)
        self.assertEqual(essence([]), "no reason given")


if __name__ == "__main__":
    unittest.main()
