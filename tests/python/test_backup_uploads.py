"""The dumps' second home: sealed, whole, found damaged when they are, opened again."""

import json
import shutil
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from image_paths import use

use("backup")
from backup import paths, sums, uploads  # noqa: E402
from backup.errors import RepositoryFault  # noqa: E402
from objects import seal  # noqa: E402
from objects.folder import Folder  # noqa: E402
from objects.types import Missing  # noqa: E402

LABEL = "20261123T024500Z"
MANIFEST = {
    "kind": "logical",
    "label": LABEL,
    "start": 5.0,
    "databases": [{"name": "shop", "lsn": "0/1", "tables": [{"table": "secret_table"}]}],
}


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed here")
class Uploads(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "pass").write_text("a pass of letters")
        for name, place in (
            ("CIPHER_PASS", "pass"),
            ("CIPHER_PASS_FILE", "run/pass"),
            ("UPLOADS", "uploads"),
        ):
            patch = unittest.mock.patch.object(paths, name, self.root / place)
            patch.start()
            self.addCleanup(patch.stop)
        # Deriving the key is slow on purpose; here it is done dozens of times.
        quick = tuple("1000" if part == "600000" else part for part in seal.CIPHER)
        patch = unittest.mock.patch.object(seal, "CIPHER", quick)
        patch.start()
        self.addCleanup(patch.stop)
        self.dump = self.root / LABEL
        self.dump.mkdir()
        (self.dump / "shop.dump").write_bytes(bytes(range(256)) * 1000)
        (self.dump / "globals.sql").write_text("CREATE ROLE shop;\n")
        sums.write(self.dump, self.dump, sums.files_below(self.dump), MANIFEST)
        self.store = Folder(self.root / "store")
        uploads.upload(self.store, self.dump)

    def object(self, name: str) -> Path:
        return self.root / "store" / "dumps" / LABEL / name

    def check(self) -> list[tuple[str, str]]:
        found = uploads.check(self.store, LABEL, self.root / "scratch")
        self.assertFalse((self.root / "scratch").exists())
        return [(fault.file, fault.problem) for fault in found]

    def test_it_comes_back_as_it_was(self) -> None:
        self.assertEqual(uploads.labels(self.store), [LABEL])
        self.assertEqual(self.check(), [])
        target = self.root / "back"
        target.mkdir()
        uploads.fetch(self.store, LABEL, target)
        self.assertEqual(
            {path.name: path.read_bytes() for path in target.iterdir()},
            {path.name: path.read_bytes() for path in self.dump.iterdir()},
        )

    def test_nothing_but_sizes_and_times_is_in_the_open(self) -> None:
        told = self.object("sealed.json").read_text()
        self.assertNotIn("secret_table", told)
        self.assertEqual(json.loads(told)["databases"], [{"name": "shop", "lsn": "0/1"}])
        others = [path for path in self.object("").iterdir() if path.name != "sealed.json"]
        self.assertEqual(len(others), 4)
        for path in others:
            self.assertTrue(path.read_bytes().startswith(b"Salted__"), path.name)

    def test_a_flipped_bit(self) -> None:
        path = self.object("shop.dump.enc")
        content = bytearray(path.read_bytes())
        content[1000] ^= 1
        path.write_bytes(content)
        ((name, problem),) = self.check()
        self.assertEqual(name, "shop.dump.enc")
        self.assertIn("sha256 is", problem)
        with self.assertRaises(RepositoryFault) as raised:
            (self.root / "back").mkdir()
            uploads.fetch(self.store, LABEL, self.root / "back")
        self.assertEqual(raised.exception.cause, "damaged")

    def test_cut_short_and_missing(self) -> None:
        path = self.object("shop.dump.enc")
        path.write_bytes(path.read_bytes()[:1000])
        self.object("globals.sql.enc").unlink()
        self.assertEqual({name for name, _ in self.check()}, {"shop.dump.enc", "globals.sql.enc"})

    def test_another_pass(self) -> None:
        (self.root / "pass").write_text("another pass")
        self.assertEqual(len(self.check()), 4)

    def test_a_manifest_that_is_none(self) -> None:
        self.object("sealed.json").write_text("{}")
        with self.assertRaises(RepositoryFault) as raised:
            self.check()
        self.assertEqual(raised.exception.cause, "damaged")

    def test_an_upload_that_did_not_end_is_no_dump(self) -> None:
        self.object("sealed.json").unlink()
        self.assertEqual(uploads.labels(self.store), [])
        self.assertEqual(len(uploads.abandoned(self.store, [])), 4)
        self.assertEqual(uploads.abandoned(self.store, [LABEL]), [])
        with self.assertRaises(Missing):
            uploads.sealed(self.store, LABEL)

    def test_removed(self) -> None:
        uploads.remove(self.store, LABEL)
        self.assertEqual(self.store.list(""), [])
        self.assertEqual(list((self.root / "uploads").iterdir()), [])

    def test_a_full_volume_here_does_not_keep_it_from_the_cloud(self) -> None:
        uploads.remove(self.store, LABEL)
        (self.root / "uploads").rmdir()
        (self.root / "uploads").write_text("no folder can be made here")
        uploads.upload(self.store, self.dump)
        self.assertEqual(uploads.labels(self.store), [LABEL])


if __name__ == "__main__":
    unittest.main()
