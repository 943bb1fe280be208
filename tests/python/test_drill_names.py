"""The drill's look at a public name over time."""

import unittest

from image_paths import use

use("drill")

from load import names  # noqa: E402


class Names(unittest.TestCase):
    def test_each_new_answer_is_said_once_with_its_time(self) -> None:
        answers = iter(["10.0.0.1", "10.0.0.1", "-", "-", "10.0.0.2"])
        now, said = [100.0], []

        def sleep(seconds: float) -> None:
            now[0] += seconds

        with self.assertRaises(StopIteration):
            names.watch("app.test", lambda _: next(answers), said.append, lambda: now[0], sleep)
        self.assertEqual(said, ["100.000 10.0.0.1", "100.500 -", "101.000 10.0.0.2"])

    def test_it_ends_by_itself(self) -> None:
        now = [0.0]

        def sleep(_: float) -> None:
            now[0] += names.LONGEST_SECONDS

        names.watch("x", lambda _: "-", lambda _: None, lambda: now[0], sleep)
        self.assertEqual(now[0], names.LONGEST_SECONDS)

    def test_a_name_that_is_none_has_no_address(self) -> None:
        self.assertEqual(names.addresses("no.such.name.invalid"), "-")
        self.assertEqual(names.addresses("127.0.0.1"), "127.0.0.1")
        self.assertEqual(names.main([]), 2)


if __name__ == "__main__":
    unittest.main()
