"""What makes a drill a proof, and what it says when it is none."""

import unittest

from image_paths import use

use("backup")

from backup.errors import BackupError, RepositoryFault  # noqa: E402
from proof.checks import DETAIL_CHARACTERS, Findings, one_line  # noqa: E402


def findings():
    return Findings(lambda _text: None)


class Verdict(unittest.TestCase):
    def test_nothing_checked_is_nothing_proven(self):
        found = findings()
        self.assertFalse(found.passed)
        self.assertEqual(found.error, "nothing was checked")

    def test_every_check_must_pass(self):
        found = findings()
        found.add("restore", [], "restored")
        self.assertTrue(found.passed)
        self.assertEqual(found.error, "")
        found.add("checksums", ["table a differs"], "same")
        found.add("amcheck", [], "fine")
        self.assertFalse(found.passed)
        self.assertEqual(found.error, "checksums: table a differs")

    def test_a_check_that_was_not_made_has_not_passed(self):
        found = findings()
        found.add("restore", [], "restored")
        found.not_made("checksums", "no mark")
        self.assertFalse(found.passed)
        self.assertFalse(found.damaged)
        self.assertEqual(found.error, "not checked: checksums: no mark")

    def test_one_that_is_not_needed_may_be_left_out_and_is_no_proof_alone(self):
        found = findings()
        found.not_made("marker", "older than the first heartbeat", needed=False)
        self.assertFalse(found.passed)
        found.add("restore", [], "restored")
        self.assertTrue(found.passed)
        self.assertIsNone(found.checks[0].passed)

    def test_the_error_names_all_failures_in_one_line(self):
        found = findings()
        found.begin("restore")
        found.failed(BackupError("checksum\n  wrong"))
        found.add("verify", ["bundle/1 invalid checksum"], "")
        self.assertEqual(found.error, "restore: checksum wrong; verify: bundle/1 invalid checksum")

    def test_of_many_faults_three_are_told_and_the_rest_counted(self):
        found = findings()
        found.add("checksums", ["a", "b", "c", "d", "e"], "")
        self.assertEqual(found.checks[0].detail, "a; b; c (and 2 more)")

    def test_a_line_has_an_end(self):
        self.assertEqual(len(one_line("x " * 5000)), DETAIL_CHARACTERS)


class Damaged(unittest.TestCase):
    def failed(self, step, error):
        found = findings()
        found.begin(step)
        found.failed(error)
        return found.damaged

    def test_what_is_stored_is_at_fault(self):
        self.assertTrue(self.failed("verify", BackupError("invalid")))
        self.assertTrue(self.failed("sha256", RepositoryFault("cloud", "damaged", "x")))
        self.assertTrue(self.failed("replay to mark", BackupError("segment is missing")))

    def test_the_way_to_it_or_the_drill_is_at_fault(self):
        self.assertFalse(self.failed("restore", RepositoryFault("cloud", "unreachable", "x")))
        self.assertFalse(self.failed("verify", RepositoryFault("cloud", "credentials", "x")))
        self.assertFalse(self.failed("room", BackupError("no room")))
        self.assertFalse(self.failed("archive", BackupError("the mark did not arrive")))


if __name__ == "__main__":
    unittest.main()
