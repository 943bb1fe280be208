"""What two sites do, one order after the other: the real agents in a world of their own."""

import unittest

from site_world import World, made
from sites.refusals import Refused

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
        self.assertEqual(world.fault, "")

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
        self.assertEqual(world.fault, "")

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
        with self.assertRaisesRegex(Refused, "not higher than 1"):
            a.verbs.activate(1)
        a.verbs.activate(2)
        self.assertTrue(a.takes_writes())

    def test_a_confirmation_refuses_the_promotion_that_was_on_its_way(self) -> None:
        world = made(witness=False)
        a, b = world.sites["a"], world.sites["b"]
        a.kill()
        world.step(2)
        on_its_way = 3  # reckoned while a was off: two above the highest epoch
        a.start()
        world.step(8)
        self.assertEqual(world.states(), {"a": ("active", 4), "b": ("standby", 4)})
        with self.assertRaisesRegex(Refused, "not higher than 4"):
            b.verbs.promote(on_its_way)
        b.agent.peer.look()
        with self.assertRaisesRegex(Refused, "not higher than 4"):
            b.verbs.promote(4)

    def test_an_answer_that_was_lost_is_asked_for_again(self) -> None:
        world = made(witness=False)
        a, b = world.sites["a"], world.sites["b"]
        a.kill()
        world.answers_arrive = False
        a.start()
        world.step(3)
        self.assertEqual(roles(world), ("unconfirmed", "standby"))
        self.assertGreater(b.agent.state.epoch, 4)
        world.answers_arrive = True
        world.step(3)
        self.assertEqual(roles(world), ("active", "standby"))
        self.assertEqual(a.agent.state.epoch, b.agent.state.epoch)
        self.assertEqual(b.store.state.epoch, b.agent.state.epoch)

    def test_a_drained_site_keeps_the_epoch_of_its_drain(self) -> None:
        world = made(witness=False)
        a = world.sites["a"]
        self.assertEqual(a.verbs.drain(4)["epoch"], 4)
        with self.assertRaisesRegex(Refused, "not higher than 4"):
            a.verbs.promote(4)
        self.assertEqual(a.verbs.drain(6)["epoch"], 6)
        self.assertEqual(a.store.state.lsn, a.agent.state.lsn)
        with self.assertRaisesRegex(Refused, "older than 6"):
            a.verbs.drain(5)

    def test_a_witness_without_memory_gives_nothing_before_its_old_lease_is_over(self) -> None:
        world = made()
        a, b = world.sites["a"], world.sites["b"]
        a.hung = True
        world.step(1)
        world.witness.lose()
        with self.assertRaisesRegex(Refused, "for 0 s only"):
            b.verbs.promote(2)
        world.step(29)
        self.assertFalse(a.takes_writes())
        b.verbs.promote(2)
        self.assertTrue(b.takes_writes())
        self.assertEqual(world.fault, "")

    def test_an_active_site_writes_its_epoch_down_anew_at_a_witness_that_lost_it(self) -> None:
        world = made()
        world.witness.lose()
        world.step(4)
        self.assertEqual((world.witness.epoch, world.witness.holder), (1, "a"))
        self.assertEqual(roles(world), ("active", "standby"))

    def test_after_its_time_a_site_comes_back_where_the_witness_knows_it_only(self) -> None:
        for lost, expected in ((False, "active"), (True, "unconfirmed")):
            world = made()
            a = world.sites["a"]
            a.hung = True
            world.step(25)
            if lost:
                world.witness.lose()
            a.hung = False
            world.step(4)
            self.assertEqual(a.agent.state.role, expected, lost)
            a.verbs.status()

    def test_a_later_word_told_to_the_standby_is_the_witness_too(self) -> None:
        world = made()
        world.sites["b"].verbs.demote(5, "a")
        world.step(6)
        self.assertEqual(world.states(), {"a": ("active", 5), "b": ("standby", 5)})
        self.assertEqual(world.witness.epoch, 5)

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
        self.assertEqual(world.fault, "")

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


if __name__ == "__main__":
    unittest.main()
