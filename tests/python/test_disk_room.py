"""When a member counts as full, and when its leader hands over."""

import unittest

import image_paths

image_paths.use("postgres")

import disk_room  # noqa: E402
from disk_room import (  # noqa: E402
    AGAIN_SECONDS,
    FULL_BYTES,
    ROOM_BYTES,
    TAG_CHECKS,
    Room,
    free_bytes,
)


def full_room() -> Room:
    """Full for so long that the others' tags are known."""
    return Room(full=True, checks=TAG_CHECKS)


class Volume(unittest.TestCase):
    def test_full_below_two_segments_and_room_well_above(self) -> None:
        room = Room()
        self.assertFalse(room.look(FULL_BYTES))
        self.assertTrue(room.look(FULL_BYTES - 1))
        self.assertFalse(room.look(ROOM_BYTES - 1))
        self.assertTrue(room.full)
        self.assertTrue(room.look(ROOM_BYTES))
        self.assertFalse(room.full)

    def test_only_a_full_leader_hands_over(self) -> None:
        room = Room()
        self.assertFalse(room.hands_over(True, 0.0))
        room = full_room()
        self.assertFalse(room.hands_over(False, 0.0))
        self.assertTrue(room.hands_over(True, 0.0))

    def test_it_waits_until_the_others_tags_are_known(self) -> None:
        room = Room()
        for _ in range(TAG_CHECKS - 1):
            room.look(0)
            self.assertFalse(room.hands_over(True, 0.0))
        room.look(0)
        self.assertTrue(room.hands_over(True, 0.0))
        room.look(ROOM_BYTES)
        room.look(0)
        self.assertFalse(room.hands_over(True, 1000.0))

    def test_it_tries_again_after_a_while(self) -> None:
        room = full_room()
        self.assertTrue(room.hands_over(True, 100.0))
        self.assertFalse(room.hands_over(True, 100.0 + AGAIN_SECONDS - 1))
        self.assertTrue(room.hands_over(True, 100.0 + AGAIN_SECONDS))

    def test_an_orderly_handover_while_there_is_something_left(self) -> None:
        done: list[str] = []
        fakes = {
            "leads": lambda: True,
            "hand_over": lambda: "handed over",
            "replica_ready": lambda: "postgres-2",
        }
        for name, fake in fakes.items():
            self.addCleanup(setattr, disk_room, name, getattr(disk_room, name))
            setattr(disk_room, name, fake)
        end = lambda: done.append("end")  # noqa: E731
        disk_room.act(full_room(), disk_room.NOTHING_BYTES, end, done.append)
        self.assertEqual(done, ["handed over"])
        done.clear()
        disk_room.act(full_room(), disk_room.NOTHING_BYTES - 1, end, done.append)
        self.assertEqual(done[-1], "end")
        done.clear()
        disk_room.replica_ready = lambda: None
        disk_room.act(full_room(), 0, end, done.append)
        self.assertEqual(done, ["nobody with room can take over"])

    def test_the_free_room_of_a_folder(self) -> None:
        self.assertGreater(free_bytes("/"), 0)


if __name__ == "__main__":
    unittest.main()
