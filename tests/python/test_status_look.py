"""The status page's view of a site: from everybody's answers to what is shown, in each state."""

import json
import tempfile
import threading
import time
import unittest
import unittest.mock
from pathlib import Path

from status_world import EMPTY, NOW, World, sample, vector

from statuspage.fetch import Unanswered
from statuspage.model import Overview, Scaling
from statuspage.ranges import DEFAULT, RANGES

OBJECTIVES = {
    "recoveryPointSeconds": 60,
    "recoveryTimeSeconds": 60,
    "readLagLimitBytes": 16777216,
    "scrapeIntervalSeconds": 5,
}
LOST = {"labels": {"alertname": "PostgresNoLeader", "severity": "critical", "site": "a"}}


class Look(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.live = Path(folder.name) / "status.json"
        self.live.write_text(json.dumps(OBJECTIVES))

    def look(self) -> Overview:
        return self.world.site(self.live).overview()

    def reasons(self) -> tuple[str, str]:
        found = self.look().verdict
        return found.state, "; ".join(found.reasons)

    def test_all_well(self) -> None:
        found = self.look()
        self.assertEqual((found.verdict.state, found.verdict.reasons), ("healthy", ()))
        self.assertEqual(
            [(one.name, one.role, one.good, one.timeline) for one in found.members],
            [
                ("postgres-1", "leader", True, 4),
                ("postgres-2", "quorum_standby", True, 4),
                ("postgres-3", "quorum_standby", True, 4),
            ],
        )
        self.assertEqual(found.members[2].lag_bytes, 16384)
        self.assertIsNone(found.members[0].lag_bytes)
        self.assertEqual([one.good for one in found.etcd], [True] * 3)
        self.assertEqual(sum(one.leads for one in found.etcd), 1)
        self.assertEqual([one.name for one in found.instances], ["app-1", "app-2"])
        self.assertTrue(all(one.latency_kind == "95 %" for one in found.instances))
        self.assertEqual({one.name for one in found.repositories}, {"local", "cloud"})
        self.assertEqual(len(found.proofs), 4)
        self.assertTrue(found.cloud)
        self.assertEqual([one.error for one in found.sources], ["", "", ""])

    def test_the_leader_leads_since_it_took_over(self) -> None:
        self.assertEqual(self.look().members[0].since_at, 1795873866.0)
        self.world.answers["history"] = Unanswered("answers 503")
        self.assertNotEqual(self.look().members[0].since_at, 1795873866.0)

    def test_without_patroni_the_members_own_word_counts(self) -> None:
        self.world.silent |= {"member-1", "member-2"}
        found = self.look()
        self.assertEqual(
            [(one.name, one.role, one.state) for one in found.members],
            [
                ("postgres-1", "leader", "running"),
                ("postgres-2", "quorum_standby", "streaming"),
                ("postgres-3", "quorum_standby", "streaming"),
            ],
        )
        self.assertEqual(found.verdict.state, "degraded")
        self.assertIn("Patroni does not answer", found.verdict.reasons)

    def test_the_member_that_answered_is_asked_first(self) -> None:
        site = self.world.site()
        self.world.silent.add("member-1")
        site.overview()
        self.world.asked.clear()
        site._overview = site._overview.__class__(0, site._look)
        site.overview()
        self.assertEqual(self.world.asked.count("cluster"), 1)

    def test_no_leader_is_down(self) -> None:
        members = [{**one, "role": "replica"} for one in self.world.answers["cluster"]["members"]]
        self.world.answers["cluster"] = {"members": members}
        state, reasons = self.reasons()
        self.assertEqual(state, "down")
        self.assertIn("No PostgreSQL leader: nobody can write", reasons)

    def test_a_leader_that_starts_is_none_yet(self) -> None:
        leader, *others = self.world.answers["cluster"]["members"]
        self.world.answers["cluster"] = {"members": [{**leader, "state": "starting"}, *others]}
        self.assertEqual(self.reasons()[0], "down")

    def test_no_instance_is_down(self) -> None:
        self.world.put("doors", 0, metric="haproxy_backend_active_servers", job="edge", proxy="app")
        state, reasons = self.reasons()
        self.assertEqual(state, "down")
        self.assertIn("users see an error page", reasons)

    def test_no_pooler_is_down_and_one_of_two_degraded(self) -> None:
        self.world.put("pgbouncer_up", 0, metric="pgbouncer_up", instance="pooler-1")
        self.assertEqual(self.reasons(), ("degraded", "pooler: pooler-1 is away"))
        self.world.put("pgbouncer_up", 0, metric="pgbouncer_up", instance="pooler-2")
        self.assertEqual(self.reasons()[0], "down")

    def test_a_replica_that_does_not_stream_is_degraded(self) -> None:
        leader, second, third = self.world.answers["cluster"]["members"]
        stopped = {**second, "role": "replica", "state": "stopped", "lag": "unknown"}
        self.world.answers["cluster"] = {"members": [leader, stopped, third]}
        self.assertEqual(self.reasons(), ("degraded", "postgres-2: not streaming from the leader"))
        self.assertIsNone(self.look().members[1].lag_bytes)

    def test_a_replica_beyond_the_read_limit(self) -> None:
        leader, second, third = self.world.answers["cluster"]["members"]
        for lag, state in ((16777216, "healthy"), (16777217, "degraded")):
            late = {**second, "lag": lag}
            self.world.answers["cluster"] = {"members": [leader, late, third]}
            self.assertEqual(self.reasons()[0], state)
        said = "postgres-2 is 16 MiB behind the leader: it serves no reads"
        self.assertEqual(self.reasons()[1], said)

    def test_a_member_that_prometheus_cannot_reach_is_not_well(self) -> None:
        self.world.put("up", 0, metric="up", job="patroni", instance="postgres-3")
        self.assertIn("postgres-3", self.reasons()[1])

    def test_without_a_standby_acknowledged_writes_are_on_one_server(self) -> None:
        leader, *others = self.world.answers["cluster"]["members"]
        bare = [{**one, "role": "replica"} for one in others]
        self.world.answers["cluster"] = {"members": [leader, *bare]}
        self.assertEqual(self.reasons()[0], "degraded")
        self.assertIn("No synchronous standby", self.reasons()[1])
        # A standby site's leader acknowledges none.
        self.world.answers["cluster"] = {"members": [{**leader, "role": "standby_leader"}, *bare]}
        self.assertNotIn("No synchronous standby", " ".join(self.reasons()))

    def test_a_standby_site_is_led_by_its_standby_leader(self) -> None:
        leader, *others = self.world.answers["cluster"]["members"]
        led = {**leader, "role": "standby_leader", "state": "streaming"}
        self.world.answers["cluster"] = {"members": [led, *others]}
        self.assertEqual(self.reasons()[0], "healthy")

    def test_an_alert_degrades_and_a_note_does_not(self) -> None:
        self.world.answers["alerts"] = [
            {"labels": {"alertname": "Watchdog", "severity": "none"}},
            {"labels": {"alertname": "Loose", "severity": "info"}},
        ]
        self.assertEqual(self.reasons()[0], "healthy")
        self.assertEqual([one.name for one in self.look().alerts], ["Loose"])
        self.world.answers["alerts"].append(LOST)
        self.assertEqual(
            self.reasons(), ("degraded", "1 alert of severity critical: PostgresNoLeader")
        )

    def test_without_alertmanager_prometheus_says_what_fires(self) -> None:
        self.world.silent.add("alertmanager")
        self.world.answers["firing"] = {
            "data": {
                "alerts": [
                    {**LOST, "state": "firing", "activeAt": "2026-11-28T14:00:00.123456789Z"},
                    {**LOST, "state": "pending", "activeAt": "2026-11-28T14:00:00Z"},
                ]
            }
        }
        found = self.look()
        self.assertEqual([one.name for one in found.alerts], ["PostgresNoLeader"])
        self.assertEqual(round(found.alerts[0].since_at or 0), 1795874400)
        self.assertIn("Alertmanager does not answer", found.verdict.reasons)

    def test_a_repository_in_trouble_and_a_hole_degrade(self) -> None:
        where = {"repository": "cloud", "instance": "backup"}
        self.world.put("backup", 1, metric="holdfast_repository_fault", cause="bucket", **where)
        self.assertEqual(self.reasons(), ("degraded", "Repository cloud: bucket"))

    def test_a_recovery_point_that_is_missed(self) -> None:
        self.world.put(
            "backup",
            NOW - 61,
            metric="holdfast_archive_recoverable_to_timestamp_seconds",
            repository="local",
        )
        self.assertEqual(self.reasons(), ("degraded", "Recovery point, repository local: missed"))
        self.live.write_text("{}")
        self.assertEqual(self.reasons()[0], "healthy")

    def test_a_restore_drill_that_failed(self) -> None:
        self.world.put(
            "backup",
            0,
            metric="holdfast_restore_last_result",
            repository="local",
            kind="physical",
        )
        self.assertIn("physical restore drill of repository local failed", self.reasons()[1])

    def test_a_site_without_a_cloud(self) -> None:
        self.world.without("backup", repository="cloud")
        self.world.put("backup", 0, metric="holdfast_cloud_configured", instance="backup")
        found = self.look()
        self.assertIs(found.cloud, False)
        self.assertEqual([one.name for one in found.repositories], ["local"])
        self.assertEqual(found.verdict.state, "healthy")

    def test_an_application_without_metrics_is_seen_by_the_edge(self) -> None:
        self.world.without("up", job="app")
        self.world.answers["instance_p95"] = EMPTY
        found = self.look()
        self.assertEqual([one.name for one in found.instances], ["app-1", "app-2"])
        self.assertEqual({one.latency_kind for one in found.instances}, {"average"})

    def test_an_instance_that_was_scaled_in_calls_for_nobody(self) -> None:
        self.world.put("up", 0, metric="up", job="app", instance="app-3")
        found = self.look()
        self.assertEqual([(one.name, one.good) for one in found.instances][-1], ("app-3", None))
        self.assertEqual(found.verdict.state, "healthy")

    def test_the_autoscalers_wish_and_its_minimum(self) -> None:
        self.assertIsNone(self.look().scaling)
        for word, value in (("desired", 3), ("minimum", 2), ("maximum", 4)):
            self.world.put("autoscaler", value, metric=f"holdfast_autoscaler_{word}_instances")
        self.world.put("autoscaler", 1, metric="holdfast_autoscaler_pinned")
        found = self.look()
        self.assertEqual(found.scaling, Scaling(3, 2, 4, pinned=True, holding=False))
        self.assertEqual(found.verdict.state, "healthy")
        self.world.put("server_up", 0, server="app-2")
        self.assertEqual(
            self.reasons(), ("degraded", "1 of at least 2 instances take requests")
        )

    def test_another_part_that_is_silent(self) -> None:
        self.world.put("up", 0, metric="up", job="guard", instance="guard")
        self.assertEqual(self.reasons(), ("degraded", "guard does not answer Prometheus"))

    def test_parts_are_named_apart(self) -> None:
        for job, instance in (("collector", "collector"), ("containers", "collector"), ("node", "h1")):
            self.world.put("up", 1, metric="up", job=job, instance=instance)
        names = {part.name for part in self.look().parts}
        self.assertLessEqual({"collector", "figures of containers", "host h1"}, names)

    def test_an_empty_prometheus_knows_nothing_yet(self) -> None:
        for name in list(self.world.answers):
            if isinstance(self.world.answers[name], dict) and "status" in self.world.answers[name]:
                self.world.answers[name] = vector()
        self.world.silent |= {"member-1", "member-2"}
        state, reasons = self.reasons()
        self.assertEqual(state, "unknown")
        self.assertIn("Prometheus has no data yet", reasons)

    def test_a_silent_prometheus_leaves_what_was_known(self) -> None:
        site = self.world.site(self.live)
        site.overview()
        self.world.silence_prometheus()
        site._metrics.answered_at = NOW - 5
        found = site._look()
        self.assertEqual(found.sources[0].error, "Connection refused")
        self.assertIsNotNone(found.sources[0].answered_at)
        self.assertEqual(len(found.etcd), 3)
        self.assertEqual(found.verdict.state, "degraded")

    def test_what_prometheus_said_long_ago_is_no_news(self) -> None:
        site = self.world.site(self.live)
        site.overview()
        self.world.silence_prometheus()
        for age, state in ((30, "degraded"), (31, "unknown")):
            site._metrics.answered_at = NOW - age
            self.assertEqual(site._look().verdict.state, state)
        members = [{**one, "role": "replica"} for one in self.world.answers["cluster"]["members"]]
        self.world.answers["cluster"] = {"members": members}
        self.assertEqual(site._look().verdict.state, "down")

    def test_patroni_alone_does_not_know_whether_users_are_served(self) -> None:
        self.world.silence_prometheus()
        found = self.look()
        self.assertEqual([one.name for one in found.members], [f"postgres-{n}" for n in (1, 2, 3)])
        self.assertEqual(found.verdict.state, "unknown")

    def test_nobody_answers_at_all(self) -> None:
        self.world.silent |= {"prometheus", "alertmanager", "member-1", "member-2"}
        state, reasons = self.reasons()
        self.assertEqual(state, "unknown")
        self.assertIn("nothing is known from before", reasons)

    def test_one_question_that_fails_keeps_its_last_answer(self) -> None:
        site = self.world.site(self.live)
        site.overview()
        self.world.answers["etcd"] = Unanswered("answers 503")
        found = site._look()
        self.assertEqual(found.sources[0].error, "")
        self.assertEqual([one.good for one in found.etcd], [True] * 3)

    def test_the_last_charts_stay_while_prometheus_is_silent(self) -> None:
        site = self.world.site(self.live)
        site.overview()
        drawn = site.charts()
        self.assertTrue(all(one.lines for one in drawn))
        self.world.silence_prometheus()
        site._look()
        self.world.asked.clear()
        self.assertEqual(site._draw(DEFAULT), drawn)
        self.assertEqual({one.error for one in site._draw(RANGES[1])}, {"Connection refused"})
        self.assertEqual(self.world.asked, [])

    def test_a_prometheus_that_hangs_holds_nobody_up_for_longer_than_a_look(self) -> None:
        let_go = threading.Event()
        self.addCleanup(let_go.set)
        answer = self.world.get

        def get(address: str, path: str, seconds: float) -> object:
            if address == "prometheus":
                let_go.wait(10)
            return answer(address, path, seconds)

        self.world.get = get  # type: ignore[method-assign]
        with unittest.mock.patch("statuspage.look.LOOK_SECONDS", 0.3):
            site = self.world.site(self.live)
            began = time.monotonic()
            found = site.overview()
            self.assertEqual(len(site.charts()), 8)
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(found.sources[0].error, "no answer within 0 s")
        self.assertEqual([one.error for one in found.sources[1:]], ["", ""])
        self.assertEqual(len(found.members), 3)

    def test_what_is_no_answer_of_prometheus(self) -> None:
        for nonsense in ({"status": "error"}, {}, [], None, {"status": "success", "data": {}}):
            self.world.answers["up"] = nonsense
            self.assertIn("answers something else", self.look().sources[0].error)

    def test_not_a_number_is_nothing(self) -> None:
        self.world.answers["instance_p95"] = vector(sample(float("nan"), instance="app-1"))
        self.assertEqual(self.look().instances[0].latency_kind, "average")


if __name__ == "__main__":
    unittest.main()
