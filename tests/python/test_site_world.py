"""Orders of what may happen to two sites: never do both take writes."""

import contextlib
import random
import unittest

from site_world import World
from sites.refusals import Refused

ROUNDS, STEPS = 60, 40


def made(witness: bool = True, automatic: bool = False) -> World:
    """An environment as `up` leaves it: a is active, b is its standby."""
    world = World(witness, automatic)
    world.step(2)
    world.sites["a"].verbs.found()
    world.step(6)
    return world


def roles(world: World) -> tuple[str, str]:
    return world.sites["a"].agent.state.role, world.sites["b"].agent.state.role


class Orders(unittest.TestCase):
    def test_an_environment_begins_with_its_first_site(self) -> None:
        world = made()
        self.assertEqual(world.states(), {"a": ("active", 1), "b": ("standby", 1)})
        self.assertTrue(world.sites["a"].takes_writes())
        self.assertFalse(world.sites["b"].takes_writes())

    def test_it_is_founded_once(self) -> None:
        world = made()
        self.assertEqual(world.sites["a"].verbs.found()["epoch"], 1)
        with self.assertRaises(Refused):
            lost = world.sites["b"]
            lost.store.state = lost.store.memory = lost.store.config = None
            lost.start()
            lost.agent.peer.look()
            world.step(1)
            if lost.agent.state.known:
                raise Refused("follows already", "")
            lost.verbs.found()

    def test_a_switchover_and_back_need_no_new_copy(self) -> None:
        world = made()
        a, b = world.sites["a"], world.sites["b"]
        for epoch, (old, new) in ((2, (a, b)), (3, (b, a))):
            token = old.verbs.drain(epoch - 1)["lsn"]
            self.assertFalse(old.takes_writes())
            old.verbs.release()
            new.lsn = old.lsn
            new.verbs.promote(epoch, token)
            answer = old.verbs.demote(epoch, new.name)
            self.assertEqual((answer["role"], answer["active"]), ("standby", new.name))
            self.assertEqual(answer["method"], "follow")
            self.assertTrue(new.takes_writes())
        self.assertEqual(world.both_wrote, "")

    def test_promotion_waits_for_the_token(self) -> None:
        world = made()
        a, b = world.sites["a"], world.sites["b"]
        token = a.verbs.drain(1)["lsn"]
        a.verbs.release()
        b.lsn = a.lsn - 8
        with self.assertRaisesRegex(Refused, "is not replayed here"):
            b.verbs.promote(2, token)
        self.assertEqual(roles(world), ("draining", "standby"))

    def test_a_lost_site_is_replaced_after_its_lease_and_comes_back_read_only(self) -> None:
        world = made()
        a, b = world.sites["a"], world.sites["b"]
        a.kill()
        with self.assertRaisesRegex(Refused, "holds the lease"):
            b.verbs.promote(2)
        world.step(22)
        b.verbs.promote(2)
        self.assertTrue(b.takes_writes())
        a.start()
        world.step(10)
        self.assertEqual(roles(world), ("unconfirmed", "active"))
        # Its data is left alone until a person says that it may follow.
        self.assertEqual(a.store.config["standby_cluster"], {"restore_command": "/bin/false"})
        a.verbs.demote(2, "b")
        self.assertIn("host", a.store.config["standby_cluster"])
        self.assertEqual(world.both_wrote, "")

    def test_a_site_that_restarts_alone_is_confirmed_by_whoever_knows(self) -> None:
        for witness in (True, False):
            world = made(witness)
            world.sites["a"].kill()
            world.step(2)
            world.sites["a"].start()
            world.step(8)
            self.assertEqual(roles(world), ("active", "standby"), witness)
            self.assertIn("confirmed", world.sites["a"].agent.state.reason)

    def test_without_witness_and_link_a_cold_site_waits_for_a_person(self) -> None:
        world = made(witness=False)
        a = world.sites["a"]
        a.kill()
        world.linked["a"] = False
        a.start()
        world.step(60)
        self.assertEqual(roles(world), ("unconfirmed", "standby"))
        self.assertFalse(a.takes_writes())
        a.verbs.activate(1)
        self.assertTrue(a.takes_writes())

    def test_a_site_without_its_witness_ends_before_the_lease_does(self) -> None:
        world = made()
        world.linked["a"] = False
        begin = world.now
        while world.sites["a"].takes_writes():
            world.step()
        self.assertLess(world.now - begin, 20)
        self.assertEqual(world.sites["a"].agent.state.role, "unconfirmed")
        world.linked["a"] = True
        world.step(8)
        self.assertEqual(roles(world), ("active", "standby"))

    def test_a_hung_agent_ends_its_database_before_the_lease_does(self) -> None:
        world = made()
        world.sites["a"].hung = True
        begin = world.now
        while world.sites["a"].takes_writes():
            world.step()
        self.assertLess(world.now - begin, 20)

    def test_a_cut_link_without_a_witness_stops_nobody(self) -> None:
        world = made(witness=False)
        world.linked["b"] = False
        world.step(120)
        self.assertTrue(world.sites["a"].takes_writes())
        self.assertEqual(roles(world), ("active", "standby"))

    def test_lost_etcd_is_a_cold_start(self) -> None:
        world = made(witness=False)
        a = world.sites["a"]
        world.linked["a"] = False
        world.step(6)
        a.store.state = None
        world.step(4)
        self.assertEqual(a.agent.state.role, "unconfirmed")
        self.assertEqual(a.store.state.role, "unconfirmed")

    def test_automatic_failover_follows_a_loss_and_no_cut_of_the_standby(self) -> None:
        world = made(automatic=True)
        world.linked["b"] = False
        world.step(60)
        self.assertEqual(roles(world), ("active", "standby"))
        world.linked["b"] = True
        world.step(6)
        world.sites["a"].kill()
        world.step(50)
        self.assertEqual(world.sites["b"].agent.state.role, "active")
        self.assertTrue(world.sites["b"].takes_writes())
        world.sites["a"].start()
        world.step(30)
        self.assertEqual(roles(world), ("unconfirmed", "active"))
        self.assertEqual(world.both_wrote, "")

    def test_verbs_that_come_too_late_are_refused(self) -> None:
        world = made()
        a, b = world.sites["a"], world.sites["b"]
        for act, words in (
            (lambda: b.verbs.promote(1), "not higher than 1"),
            (lambda: b.verbs.drain(1), "is standby, not active"),
            (lambda: a.verbs.release(), "is active"),
            (lambda: a.verbs.activate(1), None),
            (lambda: b.verbs.activate(2), "not unconfirmed"),
            (lambda: b.verbs.demote(1, "c"), "no site c"),
        ):
            if words is None:
                act()  # confirmed already: nothing to do
                continue
            with self.assertRaisesRegex(Refused, words):
                act()


class AnyOrder(unittest.TestCase):
    """Random orders, each named by its seed."""

    def walk(self, seed: int, automatic: bool) -> World:
        chance = random.Random(seed)
        world = made(automatic=automatic)
        for _ in range(STEPS):
            self.act(world, chance)
            world.step(chance.choice([0.5, 1, 3, 8, 25]))
            self.assertEqual(world.both_wrote, "", f"seed {seed}, automatic {automatic}")
        return world

    def act(self, world: World, chance: random.Random) -> None:
        site = world.sites[chance.choice("ab")]
        highest = max(s.agent.state.epoch for s in world.sites.values())
        epoch = chance.choice([highest, highest + 1, max(1, highest - 1)])
        verbs = site.verbs
        acts = [
            lambda: verbs.promote(epoch),
            lambda: verbs.promote(epoch),
            lambda: verbs.drain(epoch),
            lambda: verbs.release(),
            lambda: verbs.demote(epoch, site.other),
            lambda: verbs.activate(epoch),
            site.kill,
            lambda: self.flip(world, site.name),
            lambda: setattr(site, "hung", not site.hung),
            lambda: setattr(world.witness, "up", not world.witness.up),
            lambda: self.lose_etcd(site),
            lambda: site.start() if not site.up else None,
            lambda: site.start() if not site.up else None,
        ]
        chosen = chance.choice(acts)
        if (not site.up or site.hung) and chosen in acts[:6]:
            return
        with contextlib.suppress(Refused):
            chosen()

    def flip(self, world: World, site: str) -> None:
        world.linked[site] = not world.linked[site]

    def lose_etcd(self, site) -> None:
        site.store.state = None

    def test_with_a_witness_never_do_two_take_writes(self) -> None:
        for seed in range(ROUNDS):
            self.walk(seed, automatic=seed % 3 == 0)

    def test_and_whatever_happened_it_can_be_put_right(self) -> None:
        for seed in range(ROUNDS, ROUNDS + 15):
            world = self.walk(seed, automatic=False)
            world.linked.update(a=True, b=True)
            world.witness.up = True
            for site in world.sites.values():
                site.hung = False
                if not site.up:
                    site.start()
            world.step(30)
            highest = max(1, *(s.agent.state.epoch for s in world.sites.values()), world.witness.epoch)
            active = [s for s in world.sites.values() if s.agent.state.role == "active"]
            if not active:
                chosen = world.sites["a"]
                chosen.verbs.promote(highest + 1)
                active = [chosen]
            self.assertEqual(len(active), 1, f"seed {seed}: {world.states()}")
            other = world.sites[active[0].other]
            other.verbs.demote(max(highest, active[0].agent.state.epoch), active[0].name)
            world.step(5)
            self.assertEqual(other.agent.state.role, "standby", f"seed {seed}")
            self.assertTrue(active[0].takes_writes(), f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
