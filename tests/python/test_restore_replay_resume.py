"""A replay that was left paused goes on; one that is attended stays paused."""

import unittest

from image_paths import use
from stand_ins import stand_in

stand_in()
use("postgres")
from replay_resume import LOOK, Watch  # noqa: E402


class Replica:
    """Answers the look, and notes the resume."""

    def __init__(self, *looks: tuple[bool, bool]) -> None:
        self.looks = list(looks)
        self.resumed = 0

    def ask(self, text: str) -> list[tuple]:
        if text == LOOK:
            return [self.looks.pop(0)]
        self.resumed += 1
        return [(None,)]


class Resume(unittest.TestCase):
    def resumed_after(self, *looks: tuple[bool, bool]) -> int:
        replica = Replica(*looks)
        watch = Watch(replica.ask, lambda _: None)
        for _ in looks:
            watch.look()
        return replica.resumed

    def test_two_looks_without_the_session(self):
        self.assertEqual(self.resumed_after((True, False)), 0)
        self.assertEqual(self.resumed_after((True, False), (True, False)), 1)

    def test_the_session_between_begins_the_count_anew(self):
        self.assertEqual(self.resumed_after((True, False), (True, True), (True, False)), 0)

    def test_a_replay_that_runs_is_left_alone(self):
        self.assertEqual(self.resumed_after((False, False), (False, False)), 0)

    def test_each_time_once(self):
        self.assertEqual(self.resumed_after(*[(True, False)] * 4), 2)


if __name__ == "__main__":
    unittest.main()
