"""Objects in a folder, their seal, and whether an endpoint answers."""

import dataclasses
import errno
import hashlib
import importlib.util
import io
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
import unittest.mock
from pathlib import Path

from backup_world import CLOUD, SETTINGS
from image_paths import use

use("backup")
from backup import paths, settings  # noqa: E402
from backup.errors import BackupError, RepositoryFault  # noqa: E402
from objects import open_store, reach, seal  # noqa: E402
from objects.folder import Folder  # noqa: E402
from objects.types import Missing  # noqa: E402


class Temporary(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)


class InAFolder(Temporary):
    def setUp(self) -> None:
        super().setUp()
        self.store = Folder(self.root / "store")

    def names(self, prefix: str = "") -> list[str]:
        return [item.name for item in self.store.list(prefix)]

    def test_what_is_put_is_listed_read_and_got(self) -> None:
        self.store.put("dumps/a/x", io.BytesIO(b"one"))
        self.store.put("records/y", io.BytesIO(b"two"))
        self.assertEqual(self.names(), ["dumps/a/x", "records/y"])
        self.assertEqual(self.names("dumps/"), ["dumps/a/x"])
        self.assertEqual(self.store.list("dumps/")[0].bytes, 3)
        self.assertEqual(self.store.read("records/y"), b"two")
        self.store.get("dumps/a/x", self.root / "x")
        self.assertEqual((self.root / "x").read_bytes(), b"one")

    def test_whole_or_not_at_all(self) -> None:
        class Torn(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise OSError(errno.EIO, "Input/output error")

        with self.assertRaises(RepositoryFault):
            self.store.put("a", Torn())
        self.assertEqual(self.names(), [])
        with self.assertRaises(Missing):
            self.store.get("a", self.root / "a")
        self.assertEqual([path.name for path in self.root.iterdir()], ["store"])

    def test_a_full_volume_is_called_that(self) -> None:
        full = OSError(errno.ENOSPC, "No space left on device")
        with unittest.mock.patch("shutil.copyfileobj", side_effect=full):
            with self.assertRaises(RepositoryFault) as raised:
                self.store.put("a", io.BytesIO(b"x"))
        self.assertEqual((raised.exception.cause, raised.exception.repository), ("full", "local"))

    def test_removing_leaves_no_folder_and_is_no_fault_twice(self) -> None:
        self.store.put("dumps/a/x", io.BytesIO(b"one"))
        self.store.remove("dumps/a/x")
        self.store.remove("dumps/a/x")
        self.assertEqual(list((self.root / "store").iterdir()), [])

    def test_no_name_leads_out_of_it(self) -> None:
        with self.assertRaisesRegex(BackupError, "outside"):
            self.store.put("../x", io.BytesIO(b""))

    def test_an_empty_one(self) -> None:
        self.assertEqual(self.names(), [])


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed here")
class Sealed(Temporary):
    def setUp(self) -> None:
        super().setUp()
        self.secret = self.root / "cipher-pass"
        self.secret.write_text("a pass of letters\n")
        for name, path in (
            ("CIPHER_PASS", self.secret),
            ("CIPHER_PASS_FILE", self.root / "run" / "pass"),
        ):
            patch = unittest.mock.patch.object(paths, name, path)
            patch.start()
            self.addCleanup(patch.stop)
        self.plain = self.root / "plain"
        self.plain.write_bytes(bytes(range(256)) * 5000)

    def seal(self) -> Path:
        target = self.root / "plain.enc"
        with seal.sealed(self.plain) as content, target.open("wb") as file:
            shutil.copyfileobj(content, file)
        self.assertEqual(content.bytes, target.stat().st_size)
        self.assertEqual(content.sha256, hashlib.sha256(target.read_bytes()).hexdigest())
        return target

    def test_it_opens_again(self) -> None:
        seal.unseal(self.seal(), self.root / "again")
        self.assertEqual((self.root / "again").read_bytes(), self.plain.read_bytes())

    def test_a_person_opens_it_with_openssl_alone(self) -> None:
        self.seal()
        line = seal.HOW_TO_OPEN.replace("NAME", "plain").replace("-out plain", "-out by-hand")
        command = [*line.split(), "-pass", "pass:a pass of letters"]
        subprocess.run(command, cwd=self.root, check=True)
        self.assertEqual((self.root / "by-hand").read_bytes(), self.plain.read_bytes())

    def test_another_pass_or_half_of_it_does_not_open(self) -> None:
        sealed = self.seal()
        half = self.root / "half"
        half.write_bytes(sealed.read_bytes()[:-7])
        for source in (half, sealed):
            with self.assertRaises(RepositoryFault) as raised:
                seal.unseal(source, self.root / "again")
            self.assertEqual(raised.exception.cause, "damaged")
            self.assertFalse((self.root / "again").exists())
            self.secret.write_text("another pass")

    def test_the_pass_is_private(self) -> None:
        self.seal()
        self.assertEqual(paths.CIPHER_PASS_FILE.stat().st_mode & 0o777, 0o600)

    def test_what_cannot_be_sealed_is_not_half_stored(self) -> None:
        self.plain.unlink()
        store = Folder(self.root / "store")
        with self.assertRaisesRegex(BackupError, "could not seal"):
            with seal.sealed(self.plain) as content:
                store.put("x", content)  # type: ignore[arg-type]
        self.assertEqual(store.list(""), [])

    def test_without_a_pass_it_is_the_credentials(self) -> None:
        self.secret.unlink()
        with self.assertRaises(RepositoryFault) as raised, seal.sealed(self.plain):
            pass
        self.assertEqual(raised.exception.cause, "credentials")


class Reach(unittest.TestCase):
    def check(self, port: int, scheme: str = "https") -> None:
        cloud = settings.parse(json.dumps({**SETTINGS, "cloud": CLOUD})).cloud
        assert cloud is not None
        reach.check(dataclasses.replace(cloud, endpoint=f"{scheme}://127.0.0.1:{port}"))

    def listen(self) -> socket.socket:
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        return server

    def cause(self, port: int) -> str:
        with self.assertRaises(RepositoryFault) as raised:
            self.check(port)
        self.assertEqual(raised.exception.repository, "cloud")
        return raised.exception.cause

    def test_nobody_listens(self) -> None:
        server = self.listen()
        port = server.getsockname()[1]
        server.close()
        self.assertEqual(self.cause(port), "unreachable")

    def test_who_takes_the_connection_and_says_nothing_is_not_there(self) -> None:
        # The kernel accepts for a process that is stopped.
        server = self.listen()
        with unittest.mock.patch.object(reach, "HANDSHAKE_SECONDS", 0.2):
            self.assertEqual(self.cause(server.getsockname()[1]), "unreachable")

    def test_who_speaks_no_tls_is_not_there(self) -> None:
        server = self.listen()

        def answer() -> None:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        self.assertEqual(self.cause(server.getsockname()[1]), "unreachable")
        thread.join()

    def answering(self, answer: bytes, asked: list[bytes]) -> int:
        """A server that reads one request and gives this answer; its port."""
        server = self.listen()

        def serve() -> None:
            connection, _ = server.accept()
            asked.append(connection.recv(4096))
            connection.sendall(answer)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        return server.getsockname()[1]

    def test_a_whole_request_is_asked_and_a_refusal_is_an_answer(self) -> None:
        for answer in (b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.0 503 x\r\n\r\n"):
            asked: list[bytes] = []
            port = self.answering(answer, asked)
            self.check(port, scheme="http")
            lines = asked[0].decode().split("\r\n")
            self.assertEqual(lines[:2], ["HEAD / HTTP/1.1", f"Host: 127.0.0.1:{port}"])
            self.assertEqual(lines[-2:], ["", ""])

    def test_who_takes_the_request_and_answers_otherwise_or_never_is_not_there(self) -> None:
        for answer in (b"", b"220 mail ready\r\n"):
            with self.assertRaises(RepositoryFault) as raised:
                self.check(self.answering(answer, []), scheme="http")
            self.assertEqual(raised.exception.cause, "unreachable")
        with unittest.mock.patch.object(reach, "ANSWER_SECONDS", 0.2):
            with self.assertRaisesRegex(RepositoryFault, "does not answer: timed out"):
                self.check(self.listen().getsockname()[1], scheme="http")


class Opened(unittest.TestCase):
    def test_without_a_cloud_there_is_none(self) -> None:
        with self.assertRaisesRegex(BackupError, "no cloud repository"):
            open_store(settings.parse(json.dumps(SETTINGS)))

    @unittest.skipUnless(importlib.util.find_spec("boto3"), "boto3 is not installed here")
    def test_the_cause_of_a_refusal(self) -> None:
        from objects.s3 import cause_of

        for code, status, cause in (
            ("NoSuchBucket", 404, "bucket"),
            ("SignatureDoesNotMatch", 403, "credentials"),
            ("403", 403, "credentials"),
            ("RequestTimeTooSkewed", 403, "clock"),
            ("SlowDown", 503, "unreachable"),
            ("InvalidPart", 400, "other"),
        ):
            self.assertEqual(cause_of(code, status), cause, code)


if __name__ == "__main__":
    unittest.main()
