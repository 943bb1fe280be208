"""What the restore drills' records prove, and what they refute."""

import json
import tempfile
import unittest
from pathlib import Path

from image_paths import use

use("backup")
from report import records  # noqa: E402
from report_samples import taken  # noqa: E402

RECORD = {
    "id": "20261125T033000Z-local-physical",
    "startedAt": "2026-11-25T03:30:00Z",
    "finishedAt": "2026-11-25T03:31:10Z",
    "repository": "local",
    "kind": "physical",
    "label": "F_I",
    "passed": True,
    "error": "",
    "rtoSeconds": 12.5,
    "rpoSeconds": 21,
}
DAY = 86400.0


def proof(**changes):
    return records.parse({**RECORD, **changes})


class Parsing(unittest.TestCase):
    def test_a_record(self) -> None:
        found = proof()
        self.assertEqual((found.repository, found.kind, found.label), ("local", "physical", "F_I"))
        self.assertEqual(found.finished, 1795577470.0)
        self.assertEqual((found.passed, found.rto, found.rpo), (True, 12.5, 21.0))

    def test_times(self) -> None:
        self.assertEqual(records.seconds("1970-01-01T00:01:00Z"), 60.0)
        self.assertEqual(records.seconds("1970-01-01T00:01:00.25Z"), 60.25)
        self.assertEqual(records.seconds("1970-01-01T00:01:00+00:00"), 60.0)
        self.assertEqual(records.label_seconds("19700102T000001Z"), 86401.0)

    def test_only_true_is_passed(self) -> None:
        self.assertFalse(proof(passed="yes").passed)
        self.assertFalse(proof(passed=None).passed)

    def test_a_folder_with_other_things_in_it(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            later = {**RECORD, "finishedAt": "2026-11-26T03:31:10Z", "label": "later"}
            (folder / "a.json").write_text(json.dumps(later))
            (folder / "b.json").write_text(json.dumps(RECORD))
            (folder / "b.sig").write_bytes(b"\x00")
            (folder / "c.json").write_text("{")
            (folder / "d.json").write_text("[1]")
            (folder / "e.json").write_text('{"repository": "local"}')
            self.assertEqual([found.label for found in records.read(folder)], ["F_I", "later"])
        self.assertEqual(records.read(folder), [])


class Proven(unittest.TestCase):
    CHAIN = [taken(1.0, label="F"), taken(2.0, label="F_I", prior="F", kind="incr")]

    def test_a_restore_proves_all_that_the_backup_builds_on(self) -> None:
        found = records.proven_at([proof()], self.CHAIN)
        self.assertEqual(set(found), {("local", "F"), ("local", "F_I")})

    def test_not_what_builds_on_it_nor_the_other_repositorys(self) -> None:
        found = records.proven_at([proof(label="F")], self.CHAIN)
        self.assertEqual(set(found), {("local", "F")})
        found = records.proven_at([proof(repository="cloud")], self.CHAIN)
        self.assertEqual(set(found), {("cloud", "F_I")})

    def test_the_newest_proof_counts_and_a_failed_one_never(self) -> None:
        newer = proof(finishedAt="2026-11-26T03:31:10Z", label="F")
        failed = proof(finishedAt="2026-11-27T03:31:10Z", passed=False)
        found = records.proven_at([newer, failed, proof()], self.CHAIN)
        self.assertEqual(found["local", "F"], proof().finished + DAY)
        self.assertEqual(found["local", "F_I"], proof().finished)


class Summary(unittest.TestCase):
    def test_of_nothing(self) -> None:
        other = proof(kind="logical")
        self.assertEqual(records.summary([other], "local", "physical"), records.Summary())

    def test_the_last_run_and_the_last_that_passed(self) -> None:
        failed = proof(
            finishedAt="2026-11-26T03:31:10Z", passed=False, error="no", rtoSeconds=None
        )
        found = records.summary([failed, proof()], "local", "physical")
        self.assertEqual(found.proven, proof().finished)
        self.assertEqual(found.last_run, proof().finished + DAY)
        self.assertIs(found.last_passed, False)
        self.assertEqual((found.last_error, found.rto, found.rpo), ("no", 12.5, 21.0))

    def test_never_passed_has_no_times(self) -> None:
        found = records.summary([proof(passed=False)], "local", "physical")
        self.assertEqual((found.proven, found.rto, found.rpo), (None, None, None))


class Condemned(unittest.TestCase):
    def test_what_a_drill_asked_to_have_replaced(self) -> None:
        owed = {
            "local": {"reason": "sum", "since": 1, "label": "F"},
            "cloud/logical": {"reason": "sum", "since": 1, "label": "20261125T024500Z"},
            "cloud": {"reason": "hole", "since": 1, "label": ""},
            "odd": "text",
        }
        self.assertEqual(
            records.condemned(owed), {("local", "F"), ("cloud", "20261125T024500Z")}
        )
        self.assertEqual(records.condemned({}), set())


if __name__ == "__main__":
    unittest.main()
