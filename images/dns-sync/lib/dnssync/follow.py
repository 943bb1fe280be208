"""Where failovers are automatic, nobody types a command: the names follow the site that takes writes.

Only there: a witness keeps a second site from taking writes, so that no two of these ever pull at the
same names.
"""

import http.client
import json

from dnssync.facts import Server

ANSWER_SECONDS = 2.0
# A planned change moves the names itself, within a second or two of the promotion.
LOOKS = 2


class Follower:
    """When to point the names here. No I/O."""

    def __init__(self) -> None:
        self._looks = 0

    def heard(self, writes: bool | None, points_here: bool) -> bool:
        """True when this site took writes at two looks running, and the names were elsewhere at both.

        writes: None where the site's agent did not answer, which is no reason to move anything.
        """
        self._looks = self._looks + 1 if writes is True and not points_here else 0
        if self._looks < LOOKS:
            return False
        # A flip that fails is tried again after as many looks.
        self._looks = 0
        return True


def takes_writes(agent: Server) -> bool | None:
    """The site's agent's word; None without a proper answer."""
    connection = http.client.HTTPConnection(agent.host, agent.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/gate")
        response = connection.getresponse()
        body = json.loads(response.read())
        writes = body.get("writes") if isinstance(body, dict) else None
        return writes if response.status == 200 and isinstance(writes, bool) else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
