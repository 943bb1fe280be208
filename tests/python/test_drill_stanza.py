"""The two programs of drill stanza-mismatch, on a stanza's files as pgBackRest 2.55.1 wrote them."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "commands/drills/faults/backup"
SUFFIX = ".before-drill"
ARCHIVE_INFO = """[backrest]
backrest-format=5
backrest-version="2.55.1"

[db]
db-id=1
db-system-id=7712075875796557852
db-version="17"

[db:history]
1={"db-id":7712075875796557852,"db-version":"17"}

[backrest]
backrest-checksum="8d349855a0b54e2cacbc049693c4ec9f9d9fb4fc"
"""
SEGMENT = "0000000100000000/0000000100000000000000"
LISTED = "20261125-115400F"


def run(program: str, root: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, str(FOLDER / f"{program}.py"), str(root), SUFFIX]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class StanzaTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.archive = self.root / "archive/dev-a"
        self.backup = self.root / "backup/dev-a"
        self.put(self.archive / "archive.info", ARCHIVE_INFO)
        self.put(self.archive / "archive.info.copy", ARCHIVE_INFO)
        self.put(self.archive / "17-1" / f"{SEGMENT}07-aa.zst", "7")
        (self.backup / LISTED).mkdir(parents=True)
        (self.backup / "latest").symlink_to(LISTED)

    def put(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_the_file_names_another_cluster_and_its_checksum_fits(self) -> None:
        self.assertEqual(run("stanza_anothers", self.root).returncode, 0)
        text = (self.archive / "archive.info").read_text()
        self.assertNotIn("7712075875796557852", text)
        self.assertEqual(text.count("7712075875796557853"), 2)
        # pgBackRest itself took a file with this sum (2.55.1).
        self.assertIn('backrest-checksum="', text)
        self.assertNotIn("8d349855a0b54e2cacbc049693c4ec9f9d9fb4fc", text)
        self.assertEqual((self.archive / f"archive.info.copy{SUFFIX}").read_text(), ARCHIVE_INFO)
        # Its own sum is the one that it would look for in a file of that content.
        self.assertEqual(run("stanza_anothers", self.root).returncode, 0)
        self.assertEqual((self.archive / f"archive.info{SUFFIX}").read_text(), ARCHIVE_INFO)

    def test_a_file_that_is_not_understood_is_left_alone(self) -> None:
        strange = ARCHIVE_INFO.replace("8d34", "0000")
        self.put(self.archive / "archive.info.copy", strange)
        done = run("stanza_anothers", self.root)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not know", done.stderr)
        self.assertEqual((self.archive / "archive.info").read_text(), ARCHIVE_INFO)
        self.assertEqual(run("stanza_anothers", self.root / "empty").returncode, 1)

    def test_all_is_as_before_with_the_wal_that_came_meanwhile(self) -> None:
        info = f'[backup:current]\n{LISTED}={{"backrest-format":5}}\n\n[db]\ndb-id=1\n'
        self.put(self.backup / f"backup.info{SUFFIX}", info)
        self.put(self.archive / f"archive.info{SUFFIX}", ARCHIVE_INFO)
        self.put(self.archive / "archive.info", "another's")
        self.put(self.backup / "backup.info", "another's")
        self.put(self.archive / "17-2" / f"{SEGMENT}08-bb.zst", "8")
        self.put(self.archive / "17-2" / f"{SEGMENT}07-aa.zst", "again")
        self.put(self.archive / "17-2/00000002.history", "h")
        unlisted = self.backup / "20261125-130000F"
        unlisted.mkdir()
        (self.backup / "latest").unlink()
        (self.backup / "latest").symlink_to(unlisted.name)
        for _ in range(2):
            self.assertEqual(run("stanza_as_before", self.root).returncode, 0)
        self.assertEqual((self.archive / "17-1" / f"{SEGMENT}07-aa.zst").read_text(), "7")
        self.assertEqual((self.archive / "17-1" / f"{SEGMENT}08-bb.zst").read_text(), "8")
        self.assertEqual((self.archive / "17-1/00000002.history").read_text(), "h")
        self.assertFalse((self.archive / "17-2").exists())
        self.assertFalse(unlisted.exists())
        self.assertEqual((self.backup / "latest").readlink(), Path(LISTED))
        self.assertEqual((self.archive / "archive.info").read_text(), ARCHIVE_INFO)
        self.assertEqual((self.backup / "backup.info").read_text(), info)
        self.assertEqual(list(self.root.rglob(f"*{SUFFIX}")), [])


if __name__ == "__main__":
    unittest.main()
