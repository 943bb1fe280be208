"""Two sites, their databases, the link and the witness as a model: the real agents, rules and verbs, on
a clock of its own. What is modelled: etcd answers at once, Patroni does what its configuration says one
second later, a site that is killed forgets all but its etcd and its agent's memory."""

from stand_ins import stand_in
from image_paths import use

stand_in()
use("site-agent")
use("postgres")

from etcd_gateway import EtcdUnreachable  # noqa: E402
from site_gate import Permission, parse as parse_gate  # noqa: E402
from sites import report  # noqa: E402
from sites.agent import Agent  # noqa: E402
from sites.facts import Facts  # noqa: E402
from sites.members import Cluster, Member  # noqa: E402
from sites.patroni_config import Place, changed, differs  # noqa: E402
from sites.peer import parse as parse_peer  # noqa: E402
from sites.rules import LEASE_SECONDS, Seen  # noqa: E402
from sites.state import State  # noqa: E402
from sites.verbs import Verbs  # noqa: E402

STEP = 0.5
PROMOTION_SECONDS = 1.0
SEGMENT = 1 << 24


class World:
    """Time, and what is between the sites."""

    def __init__(self, witness: bool = True, automatic: bool = False) -> None:
        self.now = 1000.0
        self.linked = {"a": True, "b": True}
        # The way between the sites alone: each may reach the witness all the same.
        self.between = True
        self.answers_arrive = True
        self.witness = WitnessData() if witness else None
        self.sites = {
            name: Site(self, name, other, automatic) for name, other in (("a", "b"), ("b", "a"))
        }
        self.fault = ""

    def step(self, seconds: float = STEP) -> None:
        """Lets time pass; looks whether two sites could take writes at one moment."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += STEP
            if self.witness:
                self.witness.expire(self.now)
            for site in self.sites.values():
                site.step()
            if all(site.takes_writes() for site in self.sites.values()):
                self.fault = self.fault or f"both sites took writes at {self.now}: {self.states()}"

    def joined(self) -> bool:
        return self.between and all(self.linked.values())

    def states(self) -> dict:
        return {n: (s.agent.state.role, s.agent.state.epoch) for n, s in self.sites.items()}


class WitnessData:
    """The witness' two keys."""

    def __init__(self) -> None:
        self.epoch, self.holder, self.until = 0, None, 0.0
        self.up = True

    def lose(self) -> None:
        """Its data is gone, a living lease with it."""
        self.epoch, self.holder, self.until = 0, None, 0.0

    def expire(self, now: float) -> None:
        if self.holder is not None and now >= self.until:
            self.holder = None


class WitnessClient:
    """What the agent has of it, through the link of its site."""

    def __init__(self, world: World, site: str) -> None:
        self.world, self.site = world, site

    def _data(self) -> WitnessData:
        data = self.world.witness
        if data is None or not data.up or not self.world.linked[self.site]:
            raise EtcdUnreachable("the witness is away")
        return data

    def look(self) -> Seen:
        data = self._data()
        return Seen(data.epoch, data.holder)

    def acquire(self, epoch: int, known: int | None = None) -> bool:
        data = self._data()
        if data.epoch > epoch or data.holder not in (None, self.site):
            return False
        if known is not None and data.epoch != known:
            return False
        data.epoch, data.holder, data.until = epoch, self.site, self.world.now + LEASE_SECONDS
        return True

    def renew(self, epoch: int) -> bool:
        data = self._data()
        if data.holder != self.site:
            return self.acquire(epoch)
        data.until = self.world.now + LEASE_SECONDS
        return True

    def release(self) -> None:
        data = self._data()
        if data.holder == self.site:
            data.holder = None


class StoreData:
    """etcd and the memory of a site: they outlive everything but what empties them."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.memory: State | None = None
        self.config: dict | None = None
        self.up = True

    def _check(self) -> None:
        if not self.up:
            raise EtcdUnreachable("etcd is away")

    def read(self) -> State | None:
        self._check()
        return self.state

    def remembered(self) -> State | None:
        return self.memory

    def write(self, state: State) -> None:
        self.memory = state
        self._check()
        self.state = state

    def founded(self) -> bool:
        self._check()
        return self.config is not None

    def forks(self) -> list[tuple[int, int]]:
        return []

    def enforce(self, want: dict) -> bool | None:
        self._check()
        if self.config is None:
            return None
        if differs(self.config, want):
            self.config = changed(self.config, want)
        return True


class PeerClient:
    """The other site's agent, when both links stand and it answers."""

    def __init__(self, site: "Site") -> None:
        self.site, self._last = site, None
        self.answers = False

    def look(self) -> None:
        other = self._there()
        self.answers = other is not None
        if other is not None:
            self._last = parse_peer(report.for_peer(other.agent), self.site.other, self.site.world.now)

    def confirm(self, epoch: int) -> int | None:
        other = self._there()
        said = None if other is None else other.agent.confirm(self.site.name, epoch)
        return said if self.site.world.answers_arrive else None

    def _there(self) -> "Site | None":
        world = self.site.world
        other = world.sites[self.site.other]
        answers = world.joined() and other.up and not other.hung and other.agent.started
        return other if answers else None

    def last(self):
        return self._last

    def now(self, fresh: float = 4.0):
        last = self._last
        return last if last and self.site.world.now - last.at <= fresh else None

    def forks(self) -> list[tuple[int, int]]:
        return []


class Site:
    """One site's containers."""

    def __init__(self, world: World, name: str, other: str, automatic: bool) -> None:
        self.world, self.name, self.other, self.automatic = world, name, other, automatic
        self.store = StoreData()
        self.up, self.hung = True, False
        self.primary_since: float | None = None
        self.runs = False
        self._changed_at = 0.0
        self.lsn = SEGMENT
        self.replayed_at: float | None = None
        self.starts = 0
        self.start()

    def start(self) -> None:
        """All containers start: nothing is left of what processes knew."""
        self.up, self.runs, self.primary_since = True, False, None
        self.starts += 1
        self.permission = Permission()
        self.start_agent()

    def start_agent(self) -> None:
        """Its process alone: members go on as they were told."""
        self.hung = False
        self.said: list[str] = []
        place = Place(self.other, f"dev-{self.other}", "10.0.0.77", True)
        witness = self.world.witness is not None
        facts = Facts(f"dev-{self.name}", self.name, place, (), (), witness, self.automatic, False)
        clock = lambda: self.world.now  # noqa: E731 - one clock for all
        client = WitnessClient(self.world, self.name) if witness else None
        self.agent = Agent(
            facts, self.store, client, PeerClient(self), lambda _: self.cluster(),
            self.said.append, clock, clock,
        )  # type: ignore[arg-type]
        self.verbs = Verbs(
            self.agent, lambda _: Database(self), self.agent.turn, lambda s: self.world.step(max(s, STEP))
        )

    def kill(self) -> None:
        self.up, self.runs, self.primary_since = False, False, None

    def cluster(self) -> Cluster:
        if not self.up or not self.runs:
            return Cluster()
        role = "primary" if self.primary_since is not None else "standby_leader"
        return Cluster((
            Member("m", "postgres-1", role, "running", 1, self.lsn, self.lsn, "streaming", self.replayed_at),
        ))  # fmt: skip

    def takes_writes(self) -> bool:
        """The database itself, whoever comes."""
        return (
            self.up
            and self.primary_since is not None
            and self.world.now >= self.primary_since + PROMOTION_SECONDS
            and not self.permission.over(self.world.now)
        )

    def step(self) -> None:
        if not self.up:
            return
        if not self.hung:
            self.agent.peer.look()
            self.agent.turn()
            self._ask_gate()
        self._patroni()
        if self.takes_writes():
            self.lsn += 8

    def _ask_gate(self) -> None:
        answer = parse_gate(report.gate(self.agent))
        assert answer is not None
        self.permission.heard(answer, self.world.now)
        if not self.runs and answer.start:
            self.runs = True
            if self.store.config is None:
                self.store.config = dict(answer.config)

    def _patroni(self) -> None:
        """Follows its configuration; the fence ends a primary whose permission is over."""
        if not self.runs:
            return
        if self.permission.over(self.world.now) and self.primary_since is not None:
            self.runs, self.primary_since = False, None
            return
        primary = "standby_cluster" not in (self.store.config or {})
        if primary and self.primary_since is None:
            self.primary_since = self.world.now
        elif not primary:
            self.primary_since = None


class Database:
    """What a verb asks of the leader."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def busy(self) -> int:
        return 0

    def end_clients(self) -> int:
        return 0

    def checkpoint(self) -> str:
        from sites.lsn import text

        return text(self.site.lsn)

    def takes_writes(self) -> bool:
        return self.site.takes_writes()


def made(witness: bool = True, automatic: bool = False) -> World:
    """An environment as `up` leaves it: a is active, b is its standby."""
    world = World(witness, automatic)
    world.step(2)
    world.sites["a"].verbs.found()
    world.step(6)
    return world
