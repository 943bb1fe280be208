"""How a transaction's end is classified: what may be there, what must, what must not."""

import unittest

from image_paths import use

use("drill")

from load import outcome  # noqa: E402

NOT_REPLICATED = (
    "WARNING:  canceling wait for synchronous replication due to user request\n"
    "DETAIL:  The transaction has already committed locally, but might not have been replicated "
    "to the standby.\n"
)


class AnswerTest(unittest.TestCase):
    def test_a_commit_that_was_answered_is_acknowledged(self) -> None:
        self.assertEqual(outcome.of_answer("COMMIT", []), outcome.ACKNOWLEDGED)
        self.assertEqual(outcome.of_answer("COMMIT", ["NOTICE:  hello\n"]), outcome.ACKNOWLEDGED)

    def test_a_commit_that_was_answered_with_rollback_is_rejected(self) -> None:
        self.assertEqual(outcome.of_answer("ROLLBACK", []), outcome.REJECTED)

    def test_a_commit_that_did_not_wait_for_its_standby_is_unknown(self) -> None:
        self.assertEqual(outcome.of_answer("COMMIT", [NOT_REPLICATED]), outcome.UNKNOWN)

    def test_any_other_answer_is_unknown(self) -> None:
        self.assertEqual(outcome.of_answer(None, []), outcome.UNKNOWN)
        self.assertEqual(outcome.of_answer("SELECT 1", []), outcome.UNKNOWN)


class CommitErrorTest(unittest.TestCase):
    def ended(self, severity: str | None, sqlstate: str | None) -> str:
        return outcome.of_commit_error(severity, sqlstate)

    def test_errors_from_before_the_commit_record_prove_the_abort(self) -> None:
        # Serialization, deferred foreign key, read-only transaction, raised by a trigger.
        for sqlstate in ("40001", "23503", "25006", "25P02", "P0001"):
            with self.subTest(sqlstate=sqlstate):
                self.assertEqual(self.ended("ERROR", sqlstate), outcome.REJECTED)

    def test_a_lost_connection_proves_nothing(self) -> None:
        self.assertEqual(self.ended(None, None), outcome.UNKNOWN)
        self.assertEqual(self.ended("ERROR", None), outcome.UNKNOWN)

    def test_poolers_shutdowns_and_failing_disks_prove_nothing(self) -> None:
        # PgBouncer's own (08P01, 58000), shutdown, crash, cannot connect now, disk full, I/O,
        # internal errors.
        states = ("08P01", "58000", "57P01", "57P02", "57P03", "53100", "58030", "XX000", "XX001")
        for sqlstate in states:
            with self.subTest(sqlstate=sqlstate):
                self.assertEqual(self.ended("ERROR", sqlstate), outcome.UNKNOWN)

    def test_what_ends_the_session_proves_nothing_whatever_its_sqlstate(self) -> None:
        for severity in ("FATAL", "PANIC"):
            self.assertEqual(self.ended(severity, "40001"), outcome.UNKNOWN)


if __name__ == "__main__":
    unittest.main()
