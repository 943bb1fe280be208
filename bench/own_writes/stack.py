"""The running stack: its members, the delay of a replica, the edge's address, the app's counters."""

import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field

LINE = "recovery_min_apply_delay = {delay}s # bench-routing"
PATTERN = "# bench-routing$"
SETTLE_SECONDS = 20

# Shell, in a member's container: where Patroni keeps what it does not write itself; the end of a delay.
BASE = """
file=$(psql -h /run/postgresql -At postgres -c 'SHOW config_file')
base=$(dirname "$file")/postgresql.base.conf
reload() { psql -h /run/postgresql -qAt postgres -c 'SELECT pg_reload_conf()' >/dev/null; }
"""


def docker(*words: str, stdin: str = "", check: bool = True) -> str:
    done = subprocess.run(["docker", *words], input=stdin, capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"routing: docker {' '.join(words[:3])} …: {done.stderr.strip()}")
    return done.stdout.strip()


def containers(stack: str, component: str) -> list[str]:
    labels = [f"label=holdfast.stack={stack}", f"label=holdfast.component={component}"]
    filters = [word for label in labels for word in ("--filter", label)]
    return sorted(docker("ps", *filters, "--format", "{{.Names}}").split())


def sql(container: str, text: str, database: str = "postgres") -> str:
    return docker("exec", "-i", container, "psql", "-h", "/run/postgresql", "-qAt",
                  "-v", "ON_ERROR_STOP=1", database, stdin=text)


@dataclass
class Stack:
    """mark: the name under which everything is ordered, so that it can be taken away again."""

    leader: str
    replicas: list[str]
    apps: list[str]
    edge: tuple[str, int]
    database: str
    mark: str = field(default_factory=lambda: f"bench-routing-{uuid.uuid4().hex[:8]}")

    def delay(self, member: str, seconds: int, guard_seconds: int) -> None:
        """Sets one member's delay, and waits until it counts.

        Patroni manages recovery_min_apply_delay: it would take it out of postgresql.conf and of
        ALTER SYSTEM's file, and leaves alone what an included file says. A process in the
        container takes the line out again after `guard_seconds`, should nobody else.
        """
        if seconds == 0 and self._delay_of(member) == "0":
            return
        docker("exec", "-i", member, "sh", "-eu", stdin=f"""{BASE}
            grep -q postgresql.base.conf "$file" && test -w "$base"
            sed -i '/{PATTERN}/d' "$base"
            if [ {seconds} -gt 0 ]; then echo '{LINE.format(delay=seconds)}' >> "$base"; fi
            reload
        """)
        if seconds:
            docker("exec", "--detach", member, "sh", "-c", f"""{BASE}
                end=$(($(date +%s) + {guard_seconds}))
                while grep -q '{PATTERN}' "$base"; do
                    sleep 5
                    if [ "$(date +%s)" -gt "$end" ]; then sed -i '/{PATTERN}/d' "$base"; reload; fi
                done""")
        wanted, end = str(seconds * 1000), time.monotonic() + SETTLE_SECONDS
        while self._delay_of(member) != wanted:
            if time.monotonic() > end:
                sys.exit(f"routing: {member} does not take recovery_min_apply_delay = {seconds}s")
            time.sleep(0.2)

    def _delay_of(self, member: str) -> str:
        return sql(member, "SELECT setting FROM pg_settings WHERE name = 'recovery_min_apply_delay'")

    def check(self, late: list[str], seconds: int) -> None:
        """The condition held to its end: the same leader, the same delays."""
        if sql(self.leader, "SELECT pg_is_in_recovery()") != "f":
            sys.exit("routing: the leader changed meanwhile; this run says nothing")
        for member in self.replicas:
            wanted = str(seconds * 1000 if member in late else 0)
            if self._delay_of(member) != wanted:
                sys.exit(f"routing: {member} did not keep its delay; this run says nothing")

    def fallbacks(self) -> dict[str, int]:
        """holdfast_routing_fallbacks_total of all instances, by reason."""
        found: dict[str, int] = {}
        ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
        for app in self.apps:
            for line in docker("exec", app, "python3", "-c", ask).splitlines():
                if match := re.match(r'holdfast_routing_fallbacks_total\{reason="(\w+)"\} (\S+)', line):
                    found[match[1]] = found.get(match[1], 0) + int(float(match[2]))
        return found

    def restore(self) -> None:
        """No delay, and none of our orders, whatever happened."""
        for member in self.replicas:
            try:
                self.delay(member, 0, 0)
            except SystemExit as error:
                print(f"{error}; by hand: the line «{PATTERN[:-1]}» in {member}'s postgresql.base.conf",
                      file=sys.stderr)
        members = [self.leader, *self.replicas]  # one of the others may lead by now
        leader = next(one for one in members if sql(one, "SELECT pg_is_in_recovery()") == "f")
        ours = f"SELECT id FROM users WHERE first_name = '{self.mark}'"
        sql(leader, f"""
            DELETE FROM order_lines WHERE order_id IN (SELECT id FROM orders WHERE user_id IN ({ours}));
            DELETE FROM orders WHERE user_id IN ({ours});
            DELETE FROM users WHERE first_name = '{self.mark}';
        """, self.database)


def find(stack: str) -> Stack:
    """Looks at the containers. Ends the program with a sentence when something is missing."""
    leaders, replicas = [], []
    for member in containers(stack, "postgres"):
        standby = sql(member, "SELECT pg_is_in_recovery()")
        (replicas if standby == "t" else leaders).append(member)
    apps, edges = containers(stack, "app"), containers(stack, "edge")
    if len(leaders) != 1 or not replicas or not apps or not edges:
        sys.exit(f"routing: stack {stack} needs one leader, a replica, an app instance and its edge")
    published = docker("port", edges[0], "8080/tcp").splitlines()
    if not published:
        sys.exit(f"routing: {edges[0]} publishes no port 8080")
    port = int(published[0].rpartition(":")[2])
    database = sql(leaders[0], "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres')"
                   " AND NOT datistemplate").splitlines()
    for name in database:
        if sql(leaders[0], "SELECT to_regclass('order_lines') IS NOT NULL", name) == "t":
            return Stack(leaders[0], replicas, apps, ("127.0.0.1", port), name)
    sys.exit("routing: no database of that leader has the shop's tables")
