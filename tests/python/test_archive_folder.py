"""The local archive, read from its folders."""

import os
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from archive_world import wal

from archive import folder

SUM = "0123456789abcdef0123456789abcdef01234567"


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.folder = folder.Folder(self.root)

    def put(self, name: str, archive: str = "17-1", age: float = 60.0) -> Path:
        """A file where pgBackRest puts it, its folder last changed `age` seconds ago."""
        place = self.root / archive
        if not name.endswith(".history"):
            place = place / name[:16]
        place.mkdir(parents=True, exist_ok=True)
        # Segments carry their content's sum, the small text files do not.
        suffixed = name if folder.stored_name(name) else f"{name}-{SUM}.zst"
        (place / suffixed).write_bytes(b"12345")
        then = time.time() - age
        for changed in {place, self.root / archive}:
            os.utime(changed, (then, then))
        return place / suffixed

    def names(self) -> list[tuple[str, str]]:
        return [(file.archive, file.name) for file in self.folder.files()]

    def test_every_kind_of_file(self) -> None:
        (segment,) = wal(1, 3, 3)
        found = [segment, f"{segment}.partial", f"{segment}.00000028.backup", "00000002.history"]
        for name in found:
            self.put(name)
        self.put(segment, "17-2")
        (self.root / "17-1" / segment[:16] / f"{segment}-{SUM}.zst.pgbackrest.tmp").touch()
        (self.root / "archive.info").touch()
        expected = sorted(("17-1", name) for name in found)
        self.assertEqual(self.names(), [*expected, ("17-2", segment)])
        self.assertEqual({file.bytes for file in self.folder.files()}, {5})

    def test_before_the_first_file(self) -> None:
        self.assertEqual(folder.Folder(self.root / "none").files(), [])

    def test_a_folder_that_did_not_change_is_not_read_again(self) -> None:
        for name in wal(1, 3, 6):
            self.put(name)
        self.names()
        with mock.patch.object(folder, "_files", side_effect=AssertionError("read again")):
            self.assertEqual(len(self.names()), 4)
        self.assertIs(self.folder.files(), self.folder.files())

    def test_a_change_is_seen(self) -> None:
        first, second = wal(1, 3, 4)
        self.put(first)
        self.names()
        gone = self.put(second, age=30.0)
        self.assertEqual(self.names(), [("17-1", first), ("17-1", second)])
        gone.unlink()
        self.assertEqual(self.names(), [("17-1", first)])

    def test_a_folder_of_this_moment_is_never_believed_to_be_settled(self) -> None:
        first, second = wal(1, 3, 4)
        place = self.put(first, age=0.0).parent
        self.names()
        changed = place.stat().st_mtime_ns
        self.put(second, age=0.0)
        os.utime(place, ns=(changed, changed))
        self.assertEqual(len(self.names()), 2)


if __name__ == "__main__":
    unittest.main()
