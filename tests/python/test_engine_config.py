"""pgBackRest's files: what each repository's holds of the rendered one, and what it must not."""

import json
import stat
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from backup_world import CLOUD, SETTINGS
from image_paths import use

use("backup")
from backup import paths, settings  # noqa: E402
from backup.cluster import Member  # noqa: E402
from backup.errors import BackupError, RepositoryFault  # noqa: E402
from engine import pgbackrest_config as config  # noqa: E402

RENDERED = """\
# Rendered.

[global]
repo1-path=/var/lib/pgbackrest
repo1-retention-full=2
repo2-type=s3
repo2-path=/holdfast/id
# Any stanza.
tls-server-auth=postgres-1=*
io-timeout=15
"""
SECRETS = {"s3-key": "id", "s3-key-secret": "secret", "cipher-pass": "pass"}
SOURCE = {
    "stanza": "prod-a",
    "path": "/holdfast/other",
    "endpoint": "https://s3.example.org",
    "region": "eu-central-1",
    "bucket": "b",
    "pathStyle": False,
    "keyId": "K",
    "keySecret": "S",
    "cipherPass": "P",
    "caCertificate": None,
}


class Derived(unittest.TestCase):
    def test_the_local_file_has_nothing_of_the_cloud(self) -> None:
        lines = config.derive(RENDERED, "local", {}, "dev-a").splitlines()
        self.assertIn("repo1-path=/var/lib/pgbackrest", lines)
        self.assertIn("tls-server-auth=postgres-1=*", lines)
        self.assertEqual([line for line in lines if "repo2" in line or "s3" in line], [])
        self.assertEqual(lines[-1], "[dev-a]")

    def test_in_the_clouds_file_it_is_number_one_and_alone(self) -> None:
        lines = config.derive(RENDERED, "cloud", SECRETS, "dev-a").splitlines()
        self.assertEqual(
            [line for line in lines if line.startswith("repo")],
            [
                "repo1-type=s3",
                "repo1-path=/holdfast/id",
                "repo1-s3-key=id",
                "repo1-s3-key-secret=secret",
                "repo1-cipher-pass=pass",
            ],
        )
        self.assertLess(lines.index("repo1-cipher-pass=pass"), lines.index("[dev-a]"))

    def test_each_has_locks_of_its_own(self) -> None:
        locks = {
            line
            for repository in ("local", "cloud")
            for line in config.derive(RENDERED, repository, {}, "dev-a").splitlines()
            if line.startswith("lock-path=")
        }
        self.assertEqual(len(locks), 2)

    def test_recovery_from_s3_finds_its_wal_fetched_each_repository_its_own(self) -> None:
        texts = [config.derive(RENDERED, "cloud", {}, "dev-a"), config.source(SOURCE)]
        spools = []
        for lines in (text.splitlines() for text in texts):
            start, stanza = lines.index("[global:archive-get]"), len(lines) - 1
            self.assertRegex(lines[stanza], r"\[(dev|prod)-a\]")
            self.assertIn("archive-async=y", lines[start:stanza])
            # What is above it stays global, and holds for archive-push: nothing is sent ahead.
            self.assertNotIn("archive-async=y", lines[:start])
            spools += [line for line in lines if line.startswith("spool-path=")]
        # Inside the scratch space, which is emptied before and after each restore.
        folder = f"spool-path={paths.SCRATCH}/spool/"
        self.assertEqual(spools, [f"{folder}cloud", f"{folder}source"])

    def test_a_folder_is_read_as_it_is_needed(self) -> None:
        here = {"stanza": "prod-a", "path": "/var/lib/pgbackrest/source"}
        for text in (config.derive(RENDERED, "local", {}, "dev-a"), config.source(here)):
            self.assertNotIn("archive-async", text)

    def test_a_time_limit_that_is_rendered_is_kept_and_the_cloud_never_goes_without(self) -> None:
        text = config.derive(RENDERED, "cloud", {}, "dev-a")
        self.assertEqual(text.count("io-timeout="), 1)
        without = RENDERED.replace("io-timeout=15\n", "")
        self.assertIn("io-timeout=15\n", config.derive(without, "cloud", {}, "dev-a"))
        self.assertNotIn("io-timeout", config.derive(without, "local", {}, "dev-a"))

    def test_the_nodes_that_run_in_order(self) -> None:
        members = [
            Member("p2", "10.0.0.12", 5432, True, 0),
            Member("p1", "10.0.0.11", 5433, False, 0),
        ]
        lines = config.node_options(members, "/data").splitlines()
        self.assertEqual(lines[:2], ["pg1-host=10.0.0.12", "pg1-host-type=tls"])
        self.assertIn("pg2-host=10.0.0.11", lines)
        self.assertIn("pg2-port=5433", lines)
        self.assertIn("pg2-path=/data", lines)


class Source(unittest.TestCase):
    def test_a_bucket(self) -> None:
        lines = config.source(SOURCE).splitlines()
        self.assertEqual(lines[-1], "[prod-a]")
        for line in (
            "repo1-type=s3",
            "repo1-path=/holdfast/other",
            "repo1-s3-uri-style=host",
            "repo1-cipher-pass=P",
        ):
            self.assertIn(line, lines)
        self.assertNotIn("storage-ca-file", "\n".join(lines))

    def test_a_folder_in_the_clear(self) -> None:
        text = config.source({"stanza": "prod-a", "path": "/var/lib/pgbackrest/source"})
        self.assertIn("repo1-path=/var/lib/pgbackrest/source\n", text)
        self.assertNotIn("cipher", text)

    def test_what_is_missing_or_would_be_another_option_is_refused(self) -> None:
        for key, value in (("stanza", ""), ("cipherPass", None), ("bucket", "b\nrepo1-path=/x")):
            with self.assertRaisesRegex(BackupError, key):
                config.source({**SOURCE, key: value})


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        secrets = {"CLOUD_KEY_ID": "id", "CLOUD_KEY_SECRET": "secret", "CIPHER_PASS": "pass"}
        places = {name: self.root / name for name in secrets}
        for name, text in secrets.items():
            places[name].write_text(text + "\n")
        places["PGBACKREST"] = self.root / "run" / "pgbackrest"
        for name, path in places.items():
            patch = unittest.mock.patch.object(paths, name, path)
            patch.start()
            self.addCleanup(patch.stop)
        self.rendered = self.root / "pgbackrest.conf"
        self.rendered.write_text(RENDERED)

    def test_private_and_put_in_place_only_when_it_changes(self) -> None:
        path = config.write("cloud", "dev-a", self.rendered)
        self.assertIn("repo1-s3-key-secret=secret\n", path.read_text())
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        before = path.stat().st_ino
        config.write("cloud", "dev-a", self.rendered)
        self.assertEqual(path.stat().st_ino, before)
        paths.CLOUD_KEY_SECRET.write_text("another")
        config.write("cloud", "dev-a", self.rendered)
        self.assertIn("repo1-s3-key-secret=another\n", path.read_text())
        self.assertEqual([file.name for file in path.parent.iterdir()], ["cloud.conf"])

    def test_a_missing_secret_is_the_clouds_fault_alone(self) -> None:
        paths.CIPHER_PASS.unlink()
        with self.assertRaises(RepositoryFault) as raised:
            config.write("cloud", "dev-a", self.rendered)
        self.assertEqual(
            (raised.exception.repository, raised.exception.cause), ("cloud", "credentials")
        )
        config.write("local", "dev-a", self.rendered)

    def test_the_source_comes_and_goes_with_its_certificate(self) -> None:
        path = config.write_source({**SOURCE, "caCertificate": "PEM"})
        self.assertEqual(config.stanza_of(path), "prod-a")
        (line,) = [line for line in path.read_text().splitlines() if "storage-ca-file" in line]
        self.assertEqual(Path(line.partition("=")[2]).read_text(), "PEM")
        config.forget_source()
        self.assertEqual(list(path.parent.iterdir()), [])

    def test_an_engine_knows_what_is_configured(self) -> None:
        from engine import open_engine

        text = json.dumps({**SETTINGS, "cloud": CLOUD})
        self.assertEqual(open_engine(settings.parse(text)).repositories(), ("local", "cloud"))
        alone = open_engine(settings.parse(json.dumps(SETTINGS)))
        with self.assertRaisesRegex(BackupError, "no repository cloud"):
            alone.base_backups("cloud")


if __name__ == "__main__":
    unittest.main()
