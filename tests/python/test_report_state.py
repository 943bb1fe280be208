"""What the volume remembers, as the page's facts and the list's marks."""

import unittest

from image_paths import use

use("backup")
from backup.state import Repository, Run, State  # noqa: E402
from report import remembered  # noqa: E402
from report.facts import RunFacts  # noqa: E402
from report.gather import StanzaFacts  # noqa: E402

STATE = State(
    created=1.0,
    runs={
        "local/full": Run(
            last_success=10.0,
            duration=4.0,
            bytes=900,
            previous_bytes=800,
            previous_duration=3.0,
            label="F",
        ),
        "cloud/logical": Run(last_start=20.0, failures=2, error="no network"),
    },
    repositories={
        "local": Repository(2.0, True, damaged={"F": "a file is missing"}),
        "cloud": Repository(3.0, False, "another cluster's", "stanza"),
    },
)


class Remembered(unittest.TestCase):
    def test_runs_by_repository_and_kind(self) -> None:
        self.assertEqual(
            remembered.runs(STATE),
            {
                ("local", "full"): RunFacts(10.0, 0, 4.0, 3.0, 900, 800),
                # Never done: neither its size nor its duration is 0.
                ("cloud", "logical"): RunFacts(failures=2),
            },
        )

    def test_stanzas(self) -> None:
        self.assertEqual(
            remembered.stanzas(STATE),
            {
                "local": StanzaFacts(True, since=2.0),
                "cloud": StanzaFacts(False, "stanza", "another cluster's", 3.0),
            },
        )

    def test_what_a_check_of_the_stored_files_found(self) -> None:
        self.assertEqual(remembered.damaged(STATE), {("local", "F")})


if __name__ == "__main__":
    unittest.main()
