#!/usr/bin/python3
"""Patroni itself, which waits for what it waits for, and no longer. Installed as `patroni`.

In a switchover Patroni 4.0.7 sleeps for fixed times: up to 1 s between two looks at a PostgreSQL
that shuts down, 1 s "to give replicas some more time to catch up", 2 s in the members that do not
take over "to give somebody time to take the leader lock". The last one matters most: commits wait
for a synchronous standby, and none follows the new leader before those 2 s are over (writes stood
still 3 to 4 s, 1 to 2 s with this). Here each sleep ends as soon as what it is meant for has
happened, and lasts as long as Patroni wanted if that does not happen. No decision is changed.

And while a restored database recovers, which may take long, it takes no connection and nobody leads:
Patroni's API says so without a try. Routers and poolers ask some thirty times a second, and each
question would start and end a PostgreSQL process (measured: both processors, a restore many times
longer).

A replica's paused replay Patroni resumes with each of its loops, because PostgreSQL pauses it when
the leader's max_connections grew. A pause that a session holds on purpose is left alone.

When etcd has lost all its data and answers once before it is gone again, Patroni has read that no
failsafe topology exists, and demotes a leader that every member still accepts (seen: no writes for
43 s). Here the last topology read stays in force until etcd has another one.

Patroni knows its PostgreSQL by the time when it was started, which Linux counts from the boot: after
a step of the clock (a suspended machine, the first answer of a time server) a restarted Patroni took
it for a stranger, and tried for ever to start another beside it. Here the command line and the
working directory tell, too.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

LOOK_SECONDS = 0.05
# Patroni's own is 1 s; a look reads one file of 8 KiB.
STOP_POLLING_SECONDS = 0.1
# A session that takes the checksums of a restore's proof (replay_resume.py ends what it leaves).
ATTENDED = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = 'holdfast-mark')
"""


def replicas_caught_up(scope: Mapping[str, Any]) -> bool:
    """In `on_shutdown`: a replica has the shutdown checkpoint, so the key may be released."""
    return bool(scope["self"].is_failover_possible(cluster_lsn=scope["checkpoint_location"]))


def somebody_leads(scope: Mapping[str, Any]) -> bool:
    """In `demote` and `process_unhealthy_cluster`: another member has taken the lock."""
    leader = scope["self"].dcs.get_cluster().leader
    return bool(leader and leader.name and leader.name != scope["self"].state_handler.name)


# What the sleep of each of Patroni's functions waits for, by the function's name in ha.py. A
# function that a later Patroni renames sleeps as before.
PURPOSES: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "on_shutdown": replicas_caught_up,
    "_on_shutdown": replicas_caught_up,
    "demote": somebody_leads,
    "process_unhealthy_cluster": somebody_leads,
}


class PatientTime:
    """Stands in for the module `time` in patroni.ha: all of it, with a `sleep` that looks."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """As time.sleep, or shorter when the caller's purpose is reached before."""
        caller = sys._getframe(1)
        reached = PURPOSES.get(caller.f_code.co_name)
        if reached is None:
            time.sleep(seconds)
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                if reached(caller.f_locals):
                    return
            except Exception:  # noqa: BLE001 - etcd is away, or Patroni's insides changed: sleep on
                pass
            time.sleep(min(LOOK_SECONDS, left))


def quiet_while_restoring(
    query: Callable[..., Any], refusal: Callable[[str], Exception]
) -> Callable[..., Any]:
    """RestApiServer.query, which refuses at once while a custom bootstrap is under way.

    Args:
        query: Patroni's own.
        refusal: what Patroni's callers take for a PostgreSQL that takes no connection.
    """

    def asked(server: Any, *arguments: Any) -> Any:
        bootstrap = getattr(server.patroni.postgresql, "bootstrap", None)
        if getattr(bootstrap, "running_custom_bootstrap", False):
            raise refusal("a restored database recovers")
        return query(server, *arguments)

    return asked


def unless_attended(resume: Callable[[Any], None]) -> Callable[[Any], None]:
    """Postgresql.handle_parameter_change, which leaves a pause alone that a session holds.

    Args:
        resume: Patroni's own.
    """

    def resumed(postgresql: Any) -> None:
        if postgresql.replay_paused():
            try:
                if postgresql.query(ATTENDED, retry=False)[0][0]:
                    return
            except Exception:  # noqa: BLE001 - Patroni's own way is the safe one
                pass
        resume(postgresql)

    return resumed


class Remembered:
    """Stands in for the property AbstractDCS.failsafe: the last topology that etcd had.

    Every member that it names is still asked, and any that does not accept ends the leadership.

    Args:
        read: Patroni's own getter; None where the key is missing.
    """

    def __init__(self, read: Callable[[Any], dict[str, str] | None]) -> None:
        self.read = read
        self.last: dict[str, str] | None = None

    def __get__(self, dcs: Any, _owner: Any = None) -> Any:
        if dcs is None:
            return self
        now = self.read(dcs)
        if now is None:
            return self.last
        self.last = now
        return now


def whatever_the_clock(same: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """PostmasterProcess._is_postmaster_process, which a step of the clock does not deceive.

    Args:
        same: Patroni's own.
    """

    def is_postmaster(process: Any) -> bool:
        if same(process):
            return True
        try:
            if process.pid in (os.getpid(), os.getppid()) or process.ppid() == os.getpid():
                return False
            folder = process._postmaster_pid["data_dir"]
            # A backend has a title of its own ("postgres: ...") in place of the command line.
            program, option, data, *_ = process.cmdline()
            started = (os.path.basename(program), option, data) == ("postgres", "-D", folder)
            return started and process.cwd() == folder
        except Exception:  # noqa: BLE001 - it is gone, or nothing like a PostgreSQL: Patroni is right
            return False

    return is_postmaster


def main() -> None:
    # Patroni's own order: imported otherwise, its modules import one another in a circle.
    from patroni.__main__ import main as run  # noqa: I001
    import patroni.postgresql
    import patroni.api
    import patroni.dcs
    import patroni.ha
    import patroni.postgresql.postmaster
    from patroni.exceptions import PostgresConnectionException

    patroni.ha.time = PatientTime()  # type: ignore[attr-defined]
    server = patroni.api.RestApiServer
    server.query = quiet_while_restoring(  # type: ignore[method-assign]
        server.query, PostgresConnectionException
    )
    own = patroni.postgresql.Postgresql
    own.handle_parameter_change = unless_attended(  # type: ignore[method-assign]
        own.handle_parameter_change
    )
    dcs = patroni.dcs.AbstractDCS
    dcs.failsafe = Remembered(dcs.failsafe.fget)  # type: ignore[assignment,arg-type,method-assign]
    process = patroni.postgresql.postmaster.PostmasterProcess
    process._is_postmaster_process = whatever_the_clock(  # type: ignore[method-assign]
        process._is_postmaster_process
    )
    patroni.postgresql.STOP_POLLING_INTERVAL = STOP_POLLING_SECONDS
    run()


if __name__ == "__main__":
    main()
