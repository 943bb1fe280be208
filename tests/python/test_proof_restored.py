"""Where replay gave up, which backup is chosen, what room is asked for, what a dump's roles keep."""

import shutil
import tempfile
import unittest
from collections import namedtuple
from pathlib import Path
from unittest import mock

import stand_ins
from image_paths import use

use("backup")
stand_ins.stand_in()

from backup.errors import BackupError  # noqa: E402
from engine.types import BaseBackup  # noqa: E402
from proof import logical, owed, restored, scratch, times  # noqa: E402
from proof.checks import NothingToRestore, Refused  # noqa: E402

FIRST = "000000010000000000000019"


def log(*lines):
    return "\n".join(f"2026-11-25 13:15:56.324 UTC {line}" for line in lines)


def got(name):
    return f'LOG:  restored log file "{name}" from archive'


SHORT = "FATAL:  recovery ended before configured recovery target was reached"


class Unreadable(unittest.TestCase):
    def test_the_segment_in_which_postgresql_stumbled(self):
        text = log(
            got("00000001000000000000001E"),
            got("00000001000000000000001F"),
            "LOG:  incorrect resource manager data checksum in record at 0/1F04BF00",
            "LOG:  redo done at 0/1F04BED8 system usage: CPU: user: 0.03 s",
            SHORT,
        )
        self.assertEqual(restored.unreadable(text, FIRST, 0x22), "00000001000000000000001F")

    def test_a_page_that_is_none(self):
        text = log(
            got("00000001000000000000001F"),
            "LOG:  invalid magic number 0000 in WAL segment 00000001000000000000001F, LSN 0/1F000000",
            SHORT,
        )
        self.assertEqual(restored.unreadable(text, FIRST, 0x22), "00000001000000000000001F")

    def test_the_one_that_the_engine_refused(self):
        text = log("LOG:  redo starts at 0/19000028", got("00000001000000000000001E"), SHORT)
        self.assertEqual(restored.unreadable(text, FIRST, 0x22), "00000001000000000000001F")

    def test_the_first_when_none_came(self):
        self.assertEqual(restored.unreadable(log(SHORT), FIRST, 0x22), FIRST)

    def test_the_end_of_the_archive_is_nobodys_fault(self):
        text = log(got("000000010000000000000022"), "LOG:  redo done at 0/220000D8 system", SHORT)
        self.assertEqual(restored.unreadable(text, FIRST, 0x22), "")
        self.assertEqual(restored.unreadable(text, FIRST, None), "")


def backup(label, stop, repository="local"):
    return BaseBackup(
        repository,
        label,
        "full",
        stop - 1,
        stop,
        1,
        1,
        False,
        "0/1",
        "0/2",
        FIRST,
        FIRST,
        "17-1",
        "2.55.1",
        "17",
    )


class Choose(unittest.TestCase):
    def choose(self, listed, until=None):
        engine = mock.Mock()
        engine.base_backups.return_value = listed
        return restored.choose(engine, "local", until).label

    def test_the_newest(self):
        self.assertEqual(self.choose([backup("a", 100), backup("b", 200)]), "b")

    def test_the_newest_that_ended_before_the_time(self):
        listed = [backup("a", 100), backup("b", 200)]
        self.assertEqual(self.choose(listed, 200), "a")
        self.assertEqual(self.choose(listed, 200.5), "b")

    def test_a_time_before_all_is_refused_and_an_empty_repository_is_another_matter(self):
        with self.assertRaisesRegex(Refused, "1970-01-01T00:01:40Z"):
            self.choose([backup("a", 100)], 50)
        with self.assertRaises(NothingToRestore):
            self.choose([])


class Room(unittest.TestCase):
    def room(self, free, size):
        usage = namedtuple("usage", "total used free")(0, 0, free)
        with mock.patch.object(shutil, "disk_usage", return_value=usage):
            scratch.room_for(size, Path("/x"))

    def test_half_as_much_again_as_the_database_must_be_free(self):
        self.room(1500 << 20, 1000 << 20)
        with self.assertRaisesRegex(
            BackupError, "1499 MiB free; a database of 1000 MiB needs 1500"
        ):
            self.room(1499 << 20, 1000 << 20)


class Roles(unittest.TestCase):
    def test_what_cannot_be_here_is_left_out_and_the_rest_stays(self):
        script = (
            "CREATE ROLE postgres;\nALTER ROLE postgres WITH SUPERUSER;\nCREATE ROLE postgres_ro;\n"
            "CREATE TABLESPACE fast OWNER postgres LOCATION '/ssd';\n"
            "GRANT pg_checkpoint TO backup WITH INHERIT TRUE GRANTED BY postgres;\n"
        )
        self.assertEqual(
            logical.fitting(script).splitlines(),
            [
                "ALTER ROLE postgres WITH SUPERUSER;",
                "CREATE ROLE postgres_ro;",
                "GRANT pg_checkpoint TO backup WITH INHERIT TRUE GRANTED BY postgres;",
            ],
        )


class Owed(unittest.TestCase):
    def setUp(self):
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        patch = mock.patch.object(owed, "FILE", folder / "backup-owed.json")
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_base_backup_by_its_repository_and_a_dump_beside_it(self):
        owed.ask("cloud", "physical", "why", "20261125-130854F", 5.0)
        owed.ask("cloud", "logical", "torn", "20261125T130854Z", 6.0)
        self.assertEqual(owed.read().keys(), {"cloud", "cloud/logical"})
        wanted = {"reason": "why", "since": 5.0, "label": "20261125-130854F"}
        self.assertEqual(owed.read()["cloud"], wanted)

    def test_settled_by_the_same_or_a_younger_one_never_by_an_older(self):
        damaged = "20261125-130854F_20261126-000000I"
        owed.ask("local", "physical", "why", damaged, 5.0)
        owed.settled("local", "physical", "20261125-130854F")
        owed.settled("cloud", "physical", "20261127-000000F")
        self.assertEqual(owed.read().keys(), {"local"})
        owed.settled("local", "physical", "20261127-000000F")
        self.assertEqual(owed.read(), {})

    def test_a_damaged_file_owes_nothing(self):
        owed.FILE.write_text("{")
        self.assertEqual(owed.read(), {})


class Times(unittest.TestCase):
    def test_an_offset_counts_and_none_is_utc(self):
        self.assertEqual(times.seconds("1970-01-01T01:00:00+01:00"), 0.0)
        self.assertEqual(times.seconds("1970-01-01T00:00:01.5Z"), 1.5)
        self.assertEqual(times.seconds("1970-01-02"), 86400.0)
        with self.assertRaisesRegex(Refused, "'soon' is not a time"):
            times.seconds("soon")

    def test_a_target_keeps_its_microseconds(self):
        self.assertEqual(times.target(1.25), "1970-01-01 00:00:01.250000+00")


if __name__ == "__main__":
    unittest.main()
