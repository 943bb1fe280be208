"""The reader of postgresql.conf and pg_hba.conf."""

import unittest

from image_paths import use

use("postgres")
from pgconf import ConfigFault, hba_fault, parse_conf, parse_hba, quote  # noqa: E402


class Conf(unittest.TestCase):
    def test_values(self) -> None:
        text = "# head\n\na = 'x'  # why\nB 5\nc=on\nd = 'it''s \\\\ here'\na = 'y#z'\n"
        self.assertEqual(
            parse_conf(text), {"a": "y#z", "b": "5", "c": "on", "d": "it's \\ here"}
        )

    def test_quote_is_the_reverse(self) -> None:
        for value in ("", "plain", "it's", "back\\slash", "%m [%p] %q%u@%d %a "):
            self.assertEqual(parse_conf(f"a = {quote(value)}")["a"], value)

    def test_faults_name_the_line(self) -> None:
        for bad in ("work_mem = '4MB", "= 5", "work mem = 5", "include 'x'"):
            with self.assertRaisesRegex(ConfigFault, "line 2"):
                parse_conf(f"# head\n{bad}\n")


class Hba(unittest.TestCase):
    def test_good(self) -> None:
        for rule in (
            "local all all peer",
            "host all all 0.0.0.0/0 scram-sha-256",
            "host all all ::/0 md5",
            "host all all 10.0.0.0 255.0.0.0 reject",
            "hostssl all /^app all cert map=x clientname=DN",
            'host "my db" +group .example.org scram-sha-256',
        ):
            self.assertIsNone(hba_fault(rule), rule)

    def test_bad(self) -> None:
        for rule in (
            "hosts all all 0.0.0.0/0 md5",
            "host all all md5",
            "host all all 10.0.0.0/99 md5",
            "host all all 10.0.0.0 md5",
            "host all all 0.0.0.0/0 scram",
            "host all all 0.0.0.0/0 peer",
            "host all all 0.0.0.0/0 cert",
            "local all all",
        ):
            self.assertIsNotNone(hba_fault(rule), rule)

    def test_squeezes_and_refuses_an_empty_file(self) -> None:
        self.assertEqual(parse_hba("# x\nlocal   all  all    peer\n"), ["local all all peer"])
        with self.assertRaises(ConfigFault):
            parse_hba("# nothing\n")


if __name__ == "__main__":
    unittest.main()
