"""The idle session on the leader, whose end is the first sign of a crash."""

import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images" / "pooler"))

from pooler import canary as canary_module  # noqa: E402
from pooler.canary import Canary  # noqa: E402


class Session:
    """One end of a socket pair; the other stands for PostgreSQL."""

    def __init__(self) -> None:
        self._ours, self.server = socket.socketpair()
        self.closed = 0

    def fileno(self) -> int:
        return self._ours.fileno()

    def poll(self) -> None:
        if self._ours.recv(1) == b"":
            raise OSError("server closed the connection unexpectedly")

    def close(self) -> None:
        self.closed = 1
        self._ours.close()


class CanaryTest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(setattr, canary_module, "LOOK_SECONDS", canary_module.LOOK_SECONDS)
        canary_module.LOOK_SECONDS = 0.01
        self.leader: str | None = "a"
        self.sessions: list[Session] = []
        self.alarms: list[str] = []
        self.canary = Canary(lambda: self.leader, self.connect, self.alarms.append)

    def connect(self, address: str) -> Session:
        self.sessions.append(Session())
        return self.sessions[-1]

    def test_one_session_is_kept(self) -> None:
        for _ in range(3):
            self.canary.step()
        self.assertEqual((len(self.sessions), self.alarms), (1, []))

    def test_its_end_is_told_at_once(self) -> None:
        self.canary.step()
        self.sessions[0].server.close()
        self.canary.step()
        self.assertEqual(self.alarms, ["a"])
        self.canary.step()
        self.assertEqual(len(self.sessions), 2)

    def test_a_notice_is_no_end(self) -> None:
        self.canary.step()
        self.sessions[0].server.send(b"N")
        self.canary.step()
        self.assertEqual(self.alarms, [])

    def test_it_moves_with_the_leader_and_leaves_while_there_is_none(self) -> None:
        self.canary.step()
        self.leader = None
        self.canary.step()
        self.assertEqual(self.sessions[0].closed, 1)
        self.leader = "b"
        self.canary.step()
        self.assertEqual((len(self.sessions), self.alarms), (2, []))


if __name__ == "__main__":
    unittest.main()
