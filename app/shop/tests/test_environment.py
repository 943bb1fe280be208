"""Secrets in files, libpq URLs into DATABASES."""

import os
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from unittest.mock import patch

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from shop_site import environment

URL = "postgresql://shop:p%40ss@pooler-1:6432,pooler-2:6432/shop?connect_timeout=7"


class EnvironmentTest(SimpleTestCase):
    def test_a_url_of_two_hosts(self) -> None:
        entry = environment.database(URL, "database-url")
        self.assertEqual(entry["HOST"], "pooler-1,pooler-2")
        self.assertEqual(entry["PORT"], "6432,6432")
        self.assertEqual(
            (entry["NAME"], entry["USER"], entry["PASSWORD"]), ("shop", "shop", "p@ss")
        )
        self.assertEqual(entry["OPTIONS"]["connect_timeout"], "7")
        self.assertEqual(entry["OPTIONS"]["load_balance_hosts"], "random")

    def test_a_url_of_one_host_has_nothing_to_balance(self) -> None:
        entry = environment.database("postgresql://shop@db/shop", "database-url")
        self.assertNotIn("load_balance_hosts", entry["OPTIONS"])

    def test_a_wrong_url_is_not_repeated(self) -> None:
        with self.assertRaises(ImproperlyConfigured) as caught:
            environment.database("postgresql://shop:hunter2@db:x%zz/shop", "database-url")
        self.assertIn("database-url: not a libpq URL", str(caught.exception))
        self.assertNotIn("hunter2", str(caught.exception))

    def test_secrets_come_from_files_or_standard_input(self) -> None:
        with NamedTemporaryFile("w") as file:
            file.write("s3cret\n")
            file.flush()
            with patch.dict(os.environ, {"X_FILE": file.name}):
                self.assertEqual(environment.secret("X_FILE", "x"), "s3cret")
        with patch.dict(os.environ, {"X_FILE": "-"}), patch("sys.stdin", StringIO("s\n")):
            self.addCleanup(environment._standard_input.cache_clear)
            for _ in range(2):
                self.assertEqual(environment.secret("X_FILE", "x"), "s")

    def test_a_secret_that_is_not_there(self) -> None:
        with patch.object(environment, "SECRETS", Path("/nowhere")):
            self.assertIsNone(environment.secret("X_FILE", "x"))
            with (
                patch.dict(os.environ, {"X_FILE": "/nowhere/else"}),
                self.assertRaisesMessage(ImproperlyConfigured, "X_FILE=/nowhere/else: there is no"),
            ):
                environment.secret("X_FILE", "x")

    def test_numbers_and_flags(self) -> None:
        for text in ("-1", "0", "two", "1.5", "", "²"):
            with (
                self.subTest(text),
                patch.dict(os.environ, {"X": text}),
                self.assertRaisesMessage(ImproperlyConfigured, "at least 1"),
            ):
                environment.number("X", 1, least=1)
        with (
            patch.dict(os.environ, {"X": "yes"}),
            self.assertRaisesMessage(ImproperlyConfigured, "true or false"),
        ):
            environment.flag("X", True)
