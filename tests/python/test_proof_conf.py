"""The scratch server's configuration: nothing leads it to the cluster it is a copy of."""

import unittest

from image_paths import use

use("backup")

from proof import postgres_conf as conf  # noqa: E402

CONTROL = """\
Database system identifier:           7712095320752672791
Latest checkpoint's TimeLineID:       3
wal_level setting:                    replica
max_connections setting:              120
max_worker_processes setting:         8
max_wal_senders setting:              20
max_prepared_xacts setting:           0
max_locks_per_xact setting:           300
track_commit_timestamp setting:       off
"""


class Settings(unittest.TestCase):
    def settings(self):
        return conf.settings("/run/x", conf.requirements(CONTROL), "pg_stat_statements")

    def test_counts_are_above_what_the_control_file_asks_for(self):
        got = self.settings()
        self.assertEqual(got["max_connections"], "240")
        self.assertEqual(got["max_worker_processes"], "16")
        self.assertEqual(got["max_wal_senders"], "40")
        self.assertEqual(got["max_prepared_transactions"], "10")
        self.assertEqual(got["max_locks_per_transaction"], "600")
        self.assertNotIn("max_prepared_xacts", got)

    def test_it_neither_archives_nor_follows_nor_listens(self):
        got = self.settings()
        self.assertEqual(got["archive_mode"], "off")
        for name in (
            "listen_addresses",
            "synchronous_standby_names",
            "primary_conninfo",
            "primary_slot_name",
        ):
            self.assertEqual(got[name], "")
        self.assertEqual(got["unix_socket_directories"], "/run/x")

    def test_values_of_the_control_file(self):
        found = conf.control_value(CONTROL, "Database system identifier")
        self.assertEqual(found, "7712095320752672791")
        self.assertEqual(conf.control_value(CONTROL, "Nothing"), "")


class Recovery(unittest.TestCase):
    def test_an_lsn_is_the_end_of_the_last_record(self):
        got = conf.recovery("lsn", "0/3000148", "2", "pause", "get %f %p")
        self.assertEqual(got["recovery_target_lsn"], "0/3000148")
        self.assertEqual(got["recovery_target_inclusive"], "off")
        self.assertEqual(got["recovery_target_timeline"], "2")
        self.assertEqual(got["recovery_target_action"], "pause")
        self.assertEqual(got["restore_command"], "get %f %p")

    def test_one_target_at_most_is_named(self):
        names = {"recovery_target_lsn", "recovery_target_time", "recovery_target_xid"}
        for kind in ("lsn", "time", "latest"):
            got = conf.recovery(kind, "x", "latest", "promote", "c")
            wanted = {"lsn": {"recovery_target_lsn"}, "time": {"recovery_target_time"}}
            self.assertEqual(names & got.keys(), wanted.get(kind, set()))


class Text(unittest.TestCase):
    def test_quotes_and_backslashes_survive(self):
        text = conf.render({"restore_command": "a 'b' \\c"})
        self.assertIn("restore_command = 'a ''b'' \\\\c'\n", text)
        self.assertEqual(conf.last_value("restore_command = 'a ''b'''", "restore_command"), "a 'b'")

    def test_the_last_line_for_a_name_counts(self):
        text = "# x = 1\nx = 1\nother_x = 9\nx 2 # why\n"
        self.assertEqual(conf.last_value(text, "x"), "2")
        self.assertEqual(conf.last_value(text, "y"), "")

    def test_libraries_that_are_not_here_are_left_out(self):
        text = "shared_preload_libraries = 'pg_stat_statements, \"pgaudit\",gone'\n"
        self.assertEqual(conf.libraries(text, ["pgaudit", "plpgsql"]), "pgaudit")
        self.assertEqual(
            conf.libraries(text, ["pg_stat_statements", "pgaudit"]), "pg_stat_statements,pgaudit"
        )
        self.assertEqual(conf.libraries("", ["pgaudit"]), "")


if __name__ == "__main__":
    unittest.main()
