"""What a member does about its site's role, and what stands around it: etcd's users, the archive next door."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from image_paths import ROOT, use
from stand_ins import stand_in

stand_in()
use("etcd")
use("backup")
use("postgres")

import entrypoint  # noqa: E402
import site_member  # noqa: E402
from backup import cluster  # noqa: E402
from backup.errors import NotReady  # noqa: E402
from engine import pgbackrest_config  # noqa: E402
from ensure_auth import rights, users  # noqa: E402
from members import Member  # noqa: E402
from site_gate import Answer  # noqa: E402

FOLLOW = {"standby_cluster": {"host": "10.0.0.77"}}


class Entrances(unittest.TestCase):
    def setUp(self) -> None:
        self.said: list[str] = []
        self.parts: list[dict] = []
        self.now = 100.0
        self.harmless = False
        self.answer: Answer | None = None
        for target, value in (
            ("site_member.site_gate.ask", lambda _: self.answer),
            ("site_member.site_part", self.parts.append),
            ("site_member.adapt_cache", lambda _: None),
            ("site_member.harmless", lambda: self.harmless),
            ("site_member.time.monotonic", lambda: self.now),
        ):
            patch = mock.patch(target, value)
            patch.start()
            self.addCleanup(patch.stop)
        environment = mock.patch.dict(os.environ, {"HOLDFAST_SITE_AGENT": "10.0.0.78"})
        environment.start()
        self.addCleanup(environment.stop)
        self.entrance = site_member.Entrance(self.said.append)

    def test_a_sole_site_asks_nobody(self) -> None:
        with mock.patch.dict(os.environ):
            del os.environ["HOLDFAST_SITE_AGENT"]
            self.assertTrue(self.entrance.open())
        self.assertEqual(self.parts, [])

    def test_it_opens_when_the_agent_says_as_what(self) -> None:
        self.answer = Answer("unconfirmed", False, False, 0.0, {})
        self.assertFalse(self.entrance.open())
        self.assertFalse(self.entrance.open())
        self.assertEqual(self.said, ["waits: the site is unconfirmed"])
        self.answer = Answer("standby", True, False, 0.0, FOLLOW)
        self.assertTrue(self.entrance.open())
        self.assertEqual(self.parts, [FOLLOW])
        self.assertTrue(self.entrance.standby)

    def test_only_who_follows_another_site_is_a_standby(self) -> None:
        for config in ({}, {"slots": {}}, {"standby_cluster": {"restore_command": "/bin/false"}}):
            self.answer = Answer("x", True, False, 0.0, config)
            self.assertTrue(self.entrance.open())
            self.assertFalse(self.entrance.standby, config)

    def test_without_an_agent_it_joins_what_is_harmless_after_a_while(self) -> None:
        self.harmless = True
        self.assertFalse(self.entrance.open())
        self.now += 11
        self.harmless = False
        self.assertFalse(self.entrance.open())
        self.harmless = True
        self.assertTrue(self.entrance.open())

    def test_an_agent_that_answers_no_is_not_passed_by(self) -> None:
        self.answer = Answer("unconfirmed", False, False, 0.0, {})
        self.harmless = True
        self.entrance.open()
        self.now += 60
        self.assertFalse(self.entrance.open())


class Fence(unittest.TestCase):
    def test_who_could_write(self) -> None:
        def never() -> dict:
            raise AssertionError("not asked")

        self.assertTrue(site_member.could_write({"role": "primary"}, never))
        self.assertFalse(site_member.could_write({"role": "standby_leader"}, never))
        self.assertTrue(site_member.could_write({"role": "replica"}, dict))
        self.assertFalse(site_member.could_write({"role": "replica"}, lambda: FOLLOW))

    def test_patronis_own_copy_says_the_role_too(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "patroni.dynamic.json")
            site_member.adapt_cache(FOLLOW, file)
            self.assertFalse(file.exists())
            file.write_text(json.dumps({"ttl": 20, "slots": {"site_b": {}}}))
            site_member.adapt_cache(FOLLOW, file)
            self.assertEqual(json.loads(file.read_text()), {"ttl": 20, **FOLLOW})
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_harmless_is_a_primary_here_or_a_read_only_cluster(self) -> None:
        def asked(role: str, config: dict) -> bool:
            answer = json.dumps({"role": role}).encode()
            etcd = mock.Mock(get=lambda _: json.dumps(config))
            with (
                mock.patch("site_member.health.peers", lambda: ["10.0.0.12"]),
                mock.patch("site_member.health.get", lambda *_: answer),
                mock.patch("site_member.keys.client", lambda: etcd),
                mock.patch("site_member.keys.key", lambda name: name),
            ):
                return site_member.harmless()

        self.assertTrue(asked("primary", {}))
        self.assertTrue(asked("replica", FOLLOW))
        self.assertFalse(asked("replica", {"ttl": 20}))


class Around(unittest.TestCase):
    def test_etcd_knows_the_users_whose_passwords_are_there(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("root", "site"):
                Path(folder, f"etcd-{name}").write_text("x")
            self.assertEqual(users(Path(folder)), ["root", "site"])

    def test_the_site_user_keeps_its_role_and_patronis_configuration_and_no_more(self) -> None:
        writable = [key for role, kind, key, _ in rights("dev-a") if role == "site" and kind != "READ"]
        self.assertEqual(writable, ["/holdfast/site/", "/holdfast/witness/", "/holdfast/dev-a/config"])
        readable = [key for role, kind, key, _ in rights("dev-a") if role == "site" and kind == "READ"]
        self.assertEqual(readable, [f"/holdfast/dev-a/{n}" for n in ("leader", "initialize", "history")])

    def test_an_etcd_for_others_is_open_to_them_by_tls_alone(self) -> None:
        own = Member("witness", "10.0.4.79")
        plain = entrypoint.client_flags(own, False)
        self.assertEqual(plain[0], "--listen-client-urls=http://0.0.0.0:2379")
        tls = entrypoint.client_flags(own, True)
        self.assertIn("--listen-client-urls=http://127.0.0.1:2379,https://0.0.0.0:2378", tls)
        # etcd's gateway refuses a client's certificate that has a name in it.
        self.assertFalse([flag for flag in tls if "client-cert-auth" in flag])

    def test_a_standby_site_is_not_backed_up(self) -> None:
        body = {"members": [{"name": "postgres-1", "host": "h", "role": "standby_leader", "state": "streaming"},
                            {"name": "postgres-2", "host": "i", "role": "replica", "state": "streaming"}]}  # fmt: skip
        with mock.patch("backup.cluster._ask", lambda _: cluster.parse(json.dumps(body))):
            with self.assertRaisesRegex(NotReady, "is a standby"):
                cluster.members(["h", "i"])
        body["members"][0]["role"] = "leader"
        with mock.patch("backup.cluster._ask", lambda _: cluster.parse(json.dumps(body))):
            self.assertEqual([one.name for one in cluster.members(["h"])], ["postgres-1", "postgres-2"])

    def test_the_other_sites_archive_has_a_file_of_its_own(self) -> None:
        rendered = "[global]\nrepo1-path=/l\n\nrepo2-path=/x/id\n\nrepo3-type=s3\nrepo3-path=/x/id-b\n"
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.conf"), Path(folder, "other-site.conf")
            source.write_text(rendered)
            with (
                mock.patch("engine.pgbackrest_config.path_of", lambda *_: target),
                mock.patch("engine.pgbackrest_config._secrets", lambda _: {"cipher-pass": "p"}),
            ):
                pgbackrest_config.write_other_site("dev-a", source)
                text = target.read_text()
                self.assertIn("repo1-path=/x/id-b\n", text)
                self.assertIn("repo1-cipher-pass=p\n", text)
                self.assertNotIn("/x/id\n", text)
                source.write_text("[global]\nrepo1-path=/l\n")
                pgbackrest_config.write_other_site("dev-a", source)
                self.assertFalse(target.exists())

    def test_the_restore_command_names_that_file(self) -> None:
        use("site-agent")
        from sites.patroni_config import OTHER_SITE

        self.assertEqual(OTHER_SITE, "/run/holdfast/pgbackrest/other-site.conf")
        template = (ROOT / "templates" / "pgbackrest.conf.ts").read_text()
        self.assertIn('"other-site"', template)


if __name__ == "__main__":
    unittest.main()
