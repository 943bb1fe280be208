"""The manifest checker: whatever happened to a file, it is found and named."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from image_paths import use

use("backup")
from backup import sums  # noqa: E402


class Sums(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.dump = self.base / "20261123T024500Z"
        self.dump.mkdir()
        (self.dump / "shop.dump").write_bytes(bytes(range(256)) * 8192)
        (self.dump / "globals.sql").write_text("CREATE ROLE shop;\n")
        files = sums.files_below(self.dump)
        self.size = sums.write(self.dump, self.dump, files, {"label": self.dump.name})

    def faults(self) -> list[tuple[str, str]]:
        return [(fault.file, fault.problem) for fault in sums.check(self.dump, self.dump)]

    def test_untouched(self) -> None:
        self.assertEqual(self.faults(), [])

    def test_the_manifest_says_what_is_there(self) -> None:
        manifest = json.loads((self.dump / "manifest.json").read_text())
        self.assertEqual(self.size, 256 * 8192 + 18)
        self.assertEqual(manifest, {"label": "20261123T024500Z", "files": 2, "bytes": self.size})

    def test_sha256sum_reads_the_file(self) -> None:
        command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
        result = subprocess.run(command, cwd=self.dump, capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_one_flipped_bit(self) -> None:
        path = self.dump / "shop.dump"
        content = bytearray(path.read_bytes())
        content[1_000_000] ^= 1
        path.write_bytes(content)
        ((name, problem),) = self.faults()
        self.assertEqual(name, "shop.dump")
        self.assertIn("sha256 is", problem)

    def test_truncated_missing_and_a_changed_manifest(self) -> None:
        (self.dump / "shop.dump").write_bytes(b"")
        (self.dump / "globals.sql").unlink()
        (self.dump / "manifest.json").write_text("{}")
        self.assertEqual(
            {name for name, _ in self.faults()}, {"shop.dump", "globals.sql", "manifest.json"}
        )
        self.assertIn(("globals.sql", "is missing"), self.faults())

    def test_the_sums_themselves(self) -> None:
        path = self.dump / "SHA256SUMS"
        good = path.read_text()
        for text, problem in (
            ("", "is empty"),
            ("nonsense\n", "no checksum"),
            (good.replace("  shop", " shop"), "no checksum"),
        ):
            path.write_text(text)
            faults = self.faults()
            self.assertTrue(any(f == "SHA256SUMS" and problem in p for f, p in faults), text)
        path.unlink()
        self.assertIn("cannot be read", self.faults()[0][1])

    def test_a_name_that_leads_out_of_the_repository(self) -> None:
        line = f"{'0' * 64}  ../../etc/passwd\n"
        (self.dump / "SHA256SUMS").write_text(line)
        self.assertEqual(self.faults(), [("../../etc/passwd", "lies outside the repository")])

    def test_sums_kept_elsewhere_name_files_relative_to_the_repository(self) -> None:
        folder = self.base / "sums" / "20261123-021500F"
        sums.write(folder, self.base, [self.dump / "shop.dump"], {})
        self.assertIn("  20261123T024500Z/shop.dump\n", (folder / "SHA256SUMS").read_text())
        self.assertEqual(sums.check(folder, self.base), [])


if __name__ == "__main__":
    unittest.main()
