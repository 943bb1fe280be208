"""Before a handover: long transactions are waited for, named, or ended."""

import unittest

import image_paths
from stand_ins import stand_in

image_paths.use("postgres")

stand_in()

import quiet  # noqa: E402

LONG = (None, 4711, "shop", "", "idle in transaction", 7.5)


class Quiet(unittest.TestCase):
    def setUp(self) -> None:
        self.answers: list[list[tuple]] = []
        self.asked: list[str] = []
        self.addCleanup(setattr, quiet, "rows", quiet.rows)
        quiet.rows = self.rows

    def rows(self, host: str, text: str, seconds: float) -> list[tuple]:
        self.asked.append(text)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def test_nothing_open_means_go(self) -> None:
        self.answers = [[]]
        self.assertEqual(quiet.wait("h", 5.0, cut=False), [])
        self.assertEqual(len(self.asked), 1)

    def test_it_waits_for_the_end(self) -> None:
        self.answers = [[LONG], [LONG], []]
        self.assertEqual(quiet.wait("h", 60.0, cut=False), [])
        self.assertEqual(len(self.asked), 3)

    def test_what_does_not_end_is_named(self) -> None:
        self.answers = [[LONG]]
        with self.assertRaisesRegex(quiet.StillBusy, r"of shop .*pid 4711\), open for 7.5 s"):
            quiet.wait("h", 0.0, cut=False)
        self.assertFalse(any("terminate" in text for text in self.asked))

    def test_a_leader_that_stops_ends_it(self) -> None:
        self.answers = [[LONG]]
        (warning,) = quiet.wait("h", 0.0, cut=True)
        self.assertIn("was ended", warning)
        self.assertIn("pg_terminate_backend(pid)", self.asked[-1])


if __name__ == "__main__":
    unittest.main()
