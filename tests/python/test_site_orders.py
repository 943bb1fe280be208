"""No order of faults, returns and people makes two sites take writes; with any rule left out one does."""

import os
import unittest
from contextlib import ExitStack
from dataclasses import replace
from unittest.mock import patch

from site_walk import Walk
from site_world import WitnessClient, World

from sites import drain, refusals, rules, verbs
from sites.agent import Agent
from sites.state import ACTIVE, become

# HOLDFAST_WALKS=20000 walks longer; a failure names its seed.
WALKS = int(os.environ.get("HOLDFAST_WALKS", "200"))
# How many are walked in search of a rule that is left out.
SEARCH = 1000
STACKS = {"no witness": (False, False), "witness": (True, False), "automatic": (True, True)}


class AnyOrder(unittest.TestCase):
    def test_never_do_two_take_writes(self) -> None:
        for name, stack in STACKS.items():
            changes = 0
            for seed in range(WALKS):
                walk = Walk(seed, *stack)
                self.assertEqual(walk.run(), "", f"{name}, seed {seed}")
                changes += walk.changes
            # The walks are about something.
            self.assertGreater(changes, WALKS / 4, name)

    def test_and_whatever_happened_it_can_be_put_right(self) -> None:
        for name, stack in STACKS.items():
            for seed in range(WALKS, WALKS + WALKS // 10):
                walk = Walk(seed, *stack)
                walk.run()
                self.mend(walk.world, f"{name}, seed {seed}")

    def mend(self, world: World, what: str) -> None:
        world.linked.update(a=True, b=True)
        world.between = world.answers_arrive = True
        if world.witness:
            world.witness.up = True
        for site in world.sites.values():
            site.hung = False
            if not site.up:
                site.start()
        world.step(40)
        highest = max(1, *(s.agent.state.epoch for s in world.sites.values()))
        highest = max(highest, world.witness.epoch if world.witness else 0)
        active = [s for s in world.sites.values() if s.agent.state.role == ACTIVE]
        if not active:
            chosen = world.sites["a"]
            world.sites["b"].verbs.demote(highest + 1, "a")
            chosen.verbs.promote(highest + 2)
            active = [chosen]
        self.assertEqual(len(active), 1, f"{what}: {world.states()}")
        other = world.sites[active[0].other]
        other.verbs.demote(max(s.agent.state.epoch for s in world.sites.values()), active[0].name)
        world.step(8)
        self.assertEqual(other.agent.state.role, "standby", what)
        self.assertTrue(active[0].takes_writes(), what)
        self.assertEqual(world.fault, "", what)


def heard_is_believed(agent: Agent, state, now: float):  # noqa: ANN001, ANN201
    other = agent.peer.now()
    return become(state, ACTIVE, "heard", now) if other and other.epoch == state.epoch else state


def resumes_at_any(state, witness) -> bool:  # noqa: ANN001
    older = witness is not None and witness.epoch <= state.epoch
    return RESUMES(state, replace(witness, epoch=state.epoch) if older else witness)


def takes_over_at_any(state, other, witness, *times) -> bool:  # noqa: ANN001, ANN002
    return TAKES_OVER(state, other, witness and replace(witness, epoch=state.epoch), *times)


def renews_at_any_time(state, renewed_at, now) -> bool:  # noqa: ANN001
    return KEEPS_LEASE(state, now, now)


def drains_without_epoch(state, role, *words, **more):  # noqa: ANN001, ANN002, ANN003, ANN201
    if role == "draining":
        more.pop("epoch", None)
    return become(state, role, *words, **more)


def acquires_at_any(client: WitnessClient, epoch: int, known: int | None = None) -> bool:
    return ACQUIRE(client, epoch)


RESUMES, TAKES_OVER, KEEPS_LEASE = rules.resumes, rules.takes_over, rules.keeps_lease
ACQUIRE = WitnessClient.acquire


class LeftOut(unittest.TestCase):
    """Each of these rules was once missing, and each was thought to be safe."""

    def finds(self, stack: str, *left_out: tuple[object, str, object], first: int = 0) -> None:
        """`first`: the seed to begin with, for what took long to find from the first one on."""
        with ExitStack() as patches:
            for where, name, instead in left_out:
                patches.enter_context(patch.object(where, name, instead))
            found = next((s for s in range(first, first + SEARCH) if Walk(s, *STACKS[stack]).run()), None)
        self.assertIsNotNone(found, "no walk found it")

    def test_a_word_is_written_down_before_it_is_said(self) -> None:
        self.finds("no witness", (Agent, "_ask", heard_is_believed))

    def test_a_site_comes_back_where_the_witness_knows_its_epoch(self) -> None:
        # Twice: by the rule, and in the transaction that takes the lease.
        self.finds("witness", (rules, "resumes", resumes_at_any),
                   (WitnessClient, "acquire", acquires_at_any), first=1000)  # fmt: skip

    def test_a_standby_takes_over_where_the_witness_knows_its_epoch(self) -> None:
        self.finds("automatic", (rules, "takes_over", takes_over_at_any),
                   (WitnessClient, "acquire", acquires_at_any))  # fmt: skip

    def test_a_lease_whose_time_is_over_is_not_renewed(self) -> None:
        self.finds("automatic", (rules, "keeps_lease", renews_at_any_time), first=2300)

    def test_a_drain_keeps_its_epoch(self) -> None:
        self.finds("no witness", (drain, "become", drains_without_epoch),
                   (verbs, "become", drains_without_epoch))  # fmt: skip

    def test_a_witness_without_memory_is_waited_for(self) -> None:
        self.finds("witness", (refusals, "refuse_forgotten", lambda *_: None), first=900)


if __name__ == "__main__":
    unittest.main()
