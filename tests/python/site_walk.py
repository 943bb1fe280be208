"""Random orders of what may happen to two sites, each named by its seed: faults, returns, and up to two
people at once who do what the `site` commands do, with anything in between."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress

from site_world import Site, World, made

from sites.refusals import Refused

STEPS = 60
# Not again while somebody waits out the first loss: whoever looks every three seconds sees one only.
LOSSES_APART_SECONDS = 120.0


class Walk:
    """One order. People say of a site that it is off only when that is so at the moment they look."""

    def __init__(self, seed: int, witness: bool, automatic: bool) -> None:
        self.chance = random.Random(seed)
        self.world = made(witness, automatic)
        self.people: list[Iterator[None]] = []
        self.changes = 0
        self._lost_at = float("-inf")

    def run(self, steps: int = STEPS) -> str:
        """What went wrong, or ""."""
        for _ in range(steps):
            # Some things happen at the same moment.
            for _ in range(self.chance.choice([1, 1, 2, 3])):
                self._act()
            self.world.step(self.chance.choice([0.5, 0.5, 1, 3, 8, 25]))
            if self.world.fault:
                break
        return self.world.fault

    def _act(self) -> None:
        site = self.world.sites[self.chance.choice("ab")]
        acts: list[tuple[int, Callable[[], object]]] = [
            (4, lambda: self._begin(site)),
            (8, self._go_on),
            (1, site.kill),
            (3, lambda: None if site.up else site.start()),
            (1, lambda: self._flip(site.name)),
            (1, lambda: setattr(self.world, "between", not self.world.between)),
            (2, lambda: setattr(site, "hung", not site.hung)),
            (1, lambda: site.start_agent() if site.up else None),
            (1, lambda: setattr(site.store, "state", None)),
        ]
        if self.world.witness is None:
            acts.append((1, lambda: setattr(self.world, "answers_arrive", not self.world.answers_arrive)))
        else:
            up = self.world.witness.up
            acts += [
                (1, lambda: setattr(self.world.witness, "up", not up)),
                (2, self._lose_witness),
                (2, self._thaw),
                # With a witness nobody's word makes two, whatever it is.
                (4, lambda: self._any_verb(site)),
            ]
        weights, chosen = zip(*acts, strict=True)
        self.chance.choices(chosen, weights)[0]()

    # ---- faults ----------------------------------------------------------------------------------

    def _flip(self, site: str) -> None:
        self.world.linked[site] = not self.world.linked[site]

    def _lose_witness(self) -> None:
        if self.world.witness and self.world.now - self._lost_at > LOSSES_APART_SECONDS:
            self._lost_at = self.world.now
            self.world.witness.lose()

    def _thaw(self) -> None:
        """What was frozen goes on, at the moment at which the third place comes back empty."""
        self._lose_witness()
        for site in self.world.sites.values():
            site.hung = False

    def _any_verb(self, site: Site) -> None:
        highest = max(s.agent.state.epoch for s in self.world.sites.values())
        epoch = self.chance.choice([highest, highest + 1, max(1, highest - 1)])
        verbs = site.verbs
        verb = self.chance.choice([
            lambda: verbs.promote(epoch), lambda: verbs.drain(epoch), verbs.release,
            lambda: verbs.demote(epoch, site.other), lambda: verbs.activate(epoch),
        ])  # fmt: skip
        if answers(site):
            with suppress(Refused):
                verb()

    # ---- people ----------------------------------------------------------------------------------

    def _begin(self, site: Site) -> None:
        if len(self.people) < 2:
            self.people.append(self._change(site, self.world.sites[site.other]))
            self._go_on()

    def _go_on(self) -> None:
        if self.people:
            person = self.chance.choice(self.people)
            try:
                next(person)
            except StopIteration:
                self.people.remove(person)

    def _change(self, site: Site, other: Site) -> Iterator[None]:
        """Look, clear the other one, promote: as commands/site does, one call at a time.

        Without a witness its calls follow each other before its site can be down and up again: a site that
        starts cold cannot know of a promotion elsewhere, nor that this one was reckoned before it.
        """
        if not answers(site):
            return
        own, seen = site.agent.state, other.agent.state if answers(other) else None
        is_off, starts = not other.up, site.starts
        clearing, promotion = self._epochs(site, [own] + ([seen] if seen else []))
        yield
        cleared = False
        if seen is not None and answers(other):
            with suppress(Refused):
                if seen.role in ("active", "draining"):
                    other.verbs.drain(clearing)
                    yield
                    if self.world.witness and answers(other):
                        other.verbs.release()
                else:
                    other.verbs.demote(clearing, site.name)
                cleared = True
        if not cleared and not is_off and self.chance.random() < 0.5:
            # Over its Docker host, which answers now and then.
            other.kill()
            is_off = True
        if not cleared and not is_off and self.world.witness is None:
            return
        yield
        if answers(site) and (self.world.witness or site.starts == starts):
            with suppress(Refused):
                verb = site.verbs.activate if own.role == "unconfirmed" else site.verbs.promote
                verb(promotion)
                self.changes += 1

    def _epochs(self, site: Site, states: list) -> tuple[int, int]:
        """commands/site/view.ts: the first site is promoted with even ones, the other with odd ones."""
        witness = self.world.witness
        least = 2 + max(*(state.epoch for state in states), witness.epoch if witness else 0, 0)
        promotion = least if least % 2 == (0 if site.name == "a" else 1) else least + 1
        return promotion - 1, promotion


def answers(site: Site) -> bool:
    """`docker exec` reaches an agent that knows its state."""
    return site.up and not site.hung and site.agent.started
