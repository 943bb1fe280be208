"""Whether an empty member may begin: not an empty database where backups of this cluster exist.

A member that has lost its volume together with all others looks like one of a new cluster, and
Patroni would found an empty database. So while nobody has founded the cluster, an empty member asks
the repositories first. With backups it waits to be told (`./holdfast restore`), or until somebody
leads. A repository that does not answer proves nothing: the member waits for it too, for ever, and
says so, with the one command that begins an empty database all the same.
"""

import os
import time
from collections.abc import Callable

import empty_volume
import restore_data as data
import restore_files as files
import restore_keys as keys
from archive_server import CONFIG
from etcd_gateway import EtcdError
from facts import fact
from lineage import Backup
from repositories import CLOUD, LOCAL, NoSuchRepository, RepositoryError, contents

# The first answers come while the backup container may still be starting.
ASK_SECONDS = 10.0
PAUSE_SECONDS = 1.0
# What waits anyway need not ask often.
LONG_PAUSE_SECONDS = 10.0
# From then on it is said, as a thing that does not pass by itself.
PATIENCE_SECONDS = 30.0


# Another stack's repository: the backup container was told of it, so this stack begins with it.
SOURCE = "source"


def verdict(found: dict[str, list[Backup] | str]) -> tuple[str, str]:
    """("begin" | "backups" | "unknown", why). Pure.

    Args:
        found: by repository the backups it lists, or why it cannot be read. `source` is there only
            when the backup container was told of one, and then there is something to restore.
    """
    if isinstance(found.get(SOURCE), list):
        return "backups", "another stack's backups are at hand"
    held = {name: one for name, one in found.items() if isinstance(one, list) and one}
    if held:
        parts = []
        for name, backups in held.items():
            last = max(backup.stop for backup in backups)
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(last))
            parts.append(f"{name} holds {len(backups)} backups, the newest of {moment}")
        return "backups", "; ".join(parts)
    silent = [one for one in found.values() if isinstance(one, str)]
    if silent:
        return "unknown", "; ".join(silent)
    return "begin", "no repository holds a backup of this cluster"


class FirstStart:
    """Asks until it is clear.

    Args:
        interrupted: true when an order came or the container stops.
    """

    def __init__(self, log: Callable[[str], None], interrupted: Callable[[], bool]) -> None:
        self._log = log
        self._interrupted = interrupted
        self._said = ""

    def admitted(self, standby: bool = False) -> bool:
        """Waits until Patroni may start; False when it was interrupted.

        Args:
            standby: the database is the other site's, so no backup of this one is asked for.
        """
        if not empty_volume.made_empty(self._interrupted, self._log):
            return False
        if standby:
            return True
        if not data.is_empty() or not CONFIG.exists():
            files.remove(files.FRESH)
            return True
        begin = time.monotonic()
        due = 0.0
        while not self._interrupted():
            if files.exists(files.FRESH):
                self._say("an empty database is begun, as told")
                return self._pass()
            try:
                if keys.somebody_was_here(keys.client()):
                    return self._pass()
                if time.monotonic() >= due:
                    answer, why = verdict(self._ask())
                    if answer == "begin":
                        return self._pass()
                    late = time.monotonic() - begin > PATIENCE_SECONDS
                    due = time.monotonic() + (LONG_PAUSE_SECONDS if late else PAUSE_SECONDS)
                    self._wait(answer, why, late)
            except EtcdError as error:
                self._say(f"waits for etcd: {error}")
            time.sleep(PAUSE_SECONDS)
        return False

    def _pass(self) -> bool:
        if files.read(files.STATE).get("phase") == "waiting":
            files.write_phase("none")
        return True

    def _ask(self) -> dict[str, list[Backup] | str]:
        stanza = fact("SCOPE")
        found: dict[str, list[Backup] | str] = {}
        cloud = os.environ.get("HOLDFAST_CLOUD")
        # The local one first: the backup container writes its file last.
        for name in (LOCAL, CLOUD, SOURCE):
            if name == CLOUD and cloud == "no":
                continue
            try:
                found[name] = contents(name, stanza, ASK_SECONDS).backups
            except NoSuchRepository as error:
                if name == LOCAL or (name == CLOUD and cloud == "yes"):
                    found[name] = str(error)
            except RepositoryError as error:
                found[name] = str(error)
        return found

    def _wait(self, answer: str, why: str, late: bool) -> None:
        member = fact("MEMBER")
        if answer == "backups":
            text = (
                f"{member} is empty, and {why}. To bring them back: ./holdfast restore --to latest;"
                " to begin an empty database instead: ./holdfast restore --empty"
            )
        else:
            text = f"{member} is empty and cannot tell whether backups exist: {why}."
            if late:
                text += " If nothing is to be restored: ./holdfast restore --empty"
        files.write_phase("waiting", text)
        if answer == "backups" or late:
            self._say(text)

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._log(text)
