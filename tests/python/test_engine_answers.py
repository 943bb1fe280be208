"""What pgBackRest answers, read: info, listings, verify; and what it is asked."""

import json
import struct
import unittest

from image_paths import use

use("backup")
from backup.errors import BackupError  # noqa: E402
from engine import control  # noqa: E402
from engine.pgbackrest_answers import (  # noqa: E402
    archived,
    base_backups,
    catalog,
    info_fault,
    needed,
)
from engine.pgbackrest_target import target_options  # noqa: E402
from engine.pgbackrest_verify import faults, unread  # noqa: E402
from engine.types import Catalog, Target  # noqa: E402

BACKUP = {
    "label": "20261123-045224F_20261123-050000I",
    "type": "incr",
    "prior": "20261123-045224F",
    "timestamp": {"start": 1795409544, "stop": 1795409547},
    "info": {"repository": {"delta": 6312817}, "size": 38000000},
    "error": False,
    "lsn": {"start": "0/B000028", "stop": "1/6F0D10"},
    "archive": {"start": "0000000100000000000000FE", "stop": "000000010000000100000001"},
    "backrest": {"version": "2.55.1"},
    "database": {"id": 2},
}
INFO = {
    "db": [
        {"id": 1, "version": "17", "system-id": 1},
        {"id": 2, "version": "17", "system-id": 7712091119208456209},
    ],
    "repo": [{"key": 1, "status": {"code": 0, "message": "ok"}}],
    "backup": [BACKUP],
}


def info(code: int, message: str = "") -> str:
    status = {"code": code, "message": message}
    return json.dumps([{**INFO, "repo": [{"key": 1, "status": status}]}])


class Info(unittest.TestCase):
    def test_base_backups(self) -> None:
        (item,) = base_backups("cloud", INFO)
        self.assertEqual((item.repository, item.kind, item.bytes), ("cloud", "incr", 6312817))
        self.assertEqual((item.database_bytes, item.prior), (38000000, "20261123-045224F"))
        self.assertEqual((item.archive, item.postgres, item.damaged), ("17-2", "17", False))
        self.assertEqual(base_backups("local", {}), [])

    def test_the_running_cluster_has_the_newest_id(self) -> None:
        found = catalog("local", INFO)
        self.assertEqual((found.archive, found.system), ("17-2", 7712091119208456209))
        self.assertEqual([item.label for item in found.backups], [BACKUP["label"]])
        self.assertEqual(catalog("local", {}), Catalog([], "", None))

    def test_no_backup_yet_is_no_fault(self) -> None:
        for code in (0, 2):
            self.assertIsNone(info_fault("local", info(code))[1])

    def test_what_could_not_be_read_is_a_fault_though_the_exit_code_is_0(self) -> None:
        for text, cause in (
            (info(1), "stanza"),
            (info(3), "stanza"),
            ("[]", "stanza"),
            (info(99, "[ProtocolError] HTTP\n<Error><Code>NoSuchBucket</Code></Error>"), "bucket"),
        ):
            fault = info_fault("cloud", text)[1]
            assert fault is not None
            self.assertEqual((fault.repository, fault.cause), ("cloud", cause))

    def test_a_message_that_quotes_bytes_can_be_read(self) -> None:
        text = info(99, "FormatError: key/value found outside of section at line 1: ?")
        fault = info_fault("cloud", text.replace("?", "\x01\x02\t"))[1]
        self.assertEqual(fault.cause if fault else None, "damaged")

    def test_what_is_no_answer_is_said(self) -> None:
        with self.assertRaisesRegex(BackupError, "no answer"):
            info_fault("local", "Killed")

    def test_a_warning_may_stand_before_the_answer(self) -> None:
        self.assertIsNone(info_fault("local", f"WARN: odd\n{info(0)}")[1])


class Listing(unittest.TestCase):
    def test_names_without_what_pgbackrest_adds(self) -> None:
        folder = "17-1/0000000100000000"
        sha = "c362cac59626c33cd9c4156d69698d7b2ef1cdea"
        listed = {
            ".": {"type": "path"},
            "archive.info": {"type": "file", "size": 1, "time": 1},
            f"{folder}/000000010000000000000005-{sha}.zst": {"type": "file", "size": 7, "time": 8},
            f"{folder}/000000010000000000000005.00000028.backup": {
                "type": "file",
                "size": 1,
                "time": 1,
            },
            f"{folder}/000000010000000000000006.partial-{sha}.zst": {
                "type": "file",
                "size": 1,
                "time": 1,
            },
            "17-1/00000002.history": {"type": "file", "size": 1, "time": 1},
            f"{folder}/000000010000000000000007-{sha}.zst.pgbackrest.tmp": {
                "type": "file",
                "size": 1,
                "time": 1,
            },
        }
        found = archived(json.dumps(listed))
        self.assertEqual({file.archive for file in found}, {"17-1"})
        self.assertEqual(
            [file.name for file in found],
            [
                "000000010000000000000005",
                "000000010000000000000005.00000028.backup",
                "000000010000000000000006.partial",
                "00000002.history",
            ],
        )
        self.assertEqual((found[0].bytes, found[0].modified), (7, 8.0))

    def test_an_empty_archive(self) -> None:
        self.assertEqual(archived("{}"), [])

    def test_the_segments_a_backup_cannot_do_without(self) -> None:
        (item,) = base_backups("local", INFO)
        self.assertEqual(
            needed(item),
            [
                "0000000100000000000000FE",
                "0000000100000000000000FF",
                "000000010000000100000000",
                "000000010000000100000001",
            ],
        )


WHOLE = """\
2026-11-25 13:00:40.308 P00   INFO: verify command begin 2.55.1: --output=text
stanza: dev-a
status: ok
  archiveId: 17-1, total WAL checked: 8, total valid WAL: 8
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261125-125330F, status: valid, total files checked: 1279, total valid files: 1279
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
2026-11-25 13:00:55.469 P00   INFO: verify command end: completed successfully (15162ms)
"""
BROKEN = """\
2026-11-25 13:00:40.427 P01   INFO: invalid checksum '20261125-125330F/bundle/1'
2026-11-25 13:00:55.468 P02   INFO: invalid result 17-1/0000000100000000/03-04fd.zst: [29] raised
                                    [FormatError] on 2 retries from 3-15004ms: unexpected eof
2026-11-25 13:00:55.468 P00   INFO: stanza: dev-a
                                    status: error
                                      archiveId: 17-1, total WAL checked: 7, total valid WAL: 6
stanza: dev-a
status: error
  archiveId: 17-1, total WAL checked: 7, total valid WAL: 6
    missing: 0, checksum invalid: 0, size invalid: 0, other: 1
  backup: 20261125-125330F, status: invalid, total files checked: 1279, total valid files: 1278
    missing: 0, checksum invalid: 1, size invalid: 0, other: 0
"""


class Verify(unittest.TestCase):
    LABELS = ["20261125-125330F"]

    def test_whole(self) -> None:
        self.assertEqual((faults(WHOLE, self.LABELS), unread(WHOLE)), ([], []))

    def test_a_flipped_bit_and_a_segment_cut_short_are_named_once(self) -> None:
        found = {fault.file: fault.problem for fault in faults(BROKEN, self.LABELS)}
        self.assertEqual(
            found,
            {
                "20261125-125330F/bundle/1": "invalid checksum",
                "17-1/0000000100000000/03-04fd.zst": "invalid result: [29] raised",
                "archive/17-1": "1 of 7 segments are not valid",
                "backup/20261125-125330F": "is invalid: 1278 of 1279 files are valid",
            },
        )
        self.assertEqual(len(unread(BROKEN)), 1)

    def test_a_backup_that_is_not_spoken_of_is_not_proven(self) -> None:
        (fault,) = faults("", self.LABELS)
        self.assertEqual(fault.file, "backup/20261125-125330F")
        (fault,) = faults(WHOLE, [*self.LABELS, "20261126-000000F"])
        self.assertEqual(fault.file, "backup/20261126-000000F")

    def test_a_missing_manifest(self) -> None:
        line = "status: valid, total files checked: 1279, total valid files: 1279"
        gone = "status: manifest missing, total files checked: 0, total valid files: 0"
        (fault,) = faults(WHOLE.replace(line, gone), self.LABELS)
        self.assertIn("manifest missing", fault.problem)

    def test_what_has_another_form_is_a_fault_too(self) -> None:
        text = "stanza: dev-a\nstatus: error\n  No usable archive.info file\n"
        (fault,) = faults(text, [])
        self.assertIn("No usable archive.info file", fault.problem)
        self.assertEqual(len(faults("", [])), 1)


class Targets(unittest.TestCase):
    def test_the_end_of_the_archive(self) -> None:
        options = target_options(Target("latest"))
        self.assertEqual(options, ["--type=default", "--target-timeline=latest"])

    def test_a_time_in_any_zone(self) -> None:
        for text in ("2026-11-25T12:30:00.5Z", "2026-11-25T14:30:00.5+02:00", "2026-11-25 12:30:00.5"):
            options = target_options(Target("time", text, "pause"))
            self.assertIn("--target=2026-11-25 12:30:00.500000+00", options)
            self.assertIn("--target-action=pause", options)

    def test_an_lsn_is_the_end_of_what_is_wanted(self) -> None:
        options = target_options(Target("lsn", "0/3000148", timeline="3"))
        self.assertIn("--target=0/3000148", options)
        self.assertIn("--target-exclusive", options)
        self.assertIn("--target-timeline=3", options)

    def test_immediate_has_no_value(self) -> None:
        options = target_options(Target("immediate"))
        self.assertFalse(any(option.startswith("--target=") for option in options))

    def test_what_is_no_time_is_refused(self) -> None:
        with self.assertRaisesRegex(BackupError, "is not a time"):
            target_options(Target("time", "yesterday"))


class Control(unittest.TestCase):
    def test_the_checksum_is_postgresqls(self) -> None:
        # The check value of CRC-32C.
        self.assertEqual(control.crc32c(b"123456789"), 0xE3069283)

    def test_as_postgresql_17_lays_it_out(self) -> None:
        body = control.content(7712091119208456209)
        self.assertEqual(len(body), 8192)
        self.assertEqual(
            struct.unpack_from("<QII", body), (7712091119208456209, 1700, 202406281)
        )
        self.assertEqual(struct.unpack_from("<IIII", body, 216), (8192, 131072, 8192, 16 << 20))
        self.assertEqual(struct.unpack_from("<I", body, 288)[0], control.crc32c(body[:288]))


if __name__ == "__main__":
    unittest.main()
