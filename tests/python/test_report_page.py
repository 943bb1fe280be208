"""What the metrics page says: facts from everybody's words, and their text."""

import re
import unittest

from image_paths import use

use("backup")
from backup import metrics  # noqa: E402
from report import archive, records  # noqa: E402
from report.facts import Facts, RepositoryFacts, RunFacts  # noqa: E402
from report.families import FAMILIES  # noqa: E402
from report.gather import FULL_BYTES, Said, StanzaFacts, add  # noqa: E402
from report.inventory import Dump, Inventory, Trouble  # noqa: E402
from report_samples import taken  # noqa: E402

NOW = 2000.0
DUMP = Dump("20261125T024500Z", 100.0, 120.0, 900, 101.0)


def inventory(name: str, *backups, dumps=(), trouble=None, answered=1990.0) -> Inventory:
    return Inventory(name, 1995.0, answered, tuple(backups), tuple(dumps), trouble)


def said(**changes) -> Said:
    return Said(**{"now": NOW, "repositories": ("local", "cloud"), **changes})


def gathered(what: Said, **facts) -> Facts:
    found = Facts(**facts)
    add(found, what)
    return found


def samples(text: str) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in re.findall(r"^(holdfast_\S+) (\S+)$", text, flags=re.MULTILINE)
    }


class Faults(unittest.TestCase):
    def repositories(self, **changes) -> dict[str, RepositoryFacts]:
        return gathered(said(**changes)).repositories

    def test_one_repositorys_fault_is_not_the_others(self) -> None:
        found = self.repositories(
            inventories={
                "local": inventory("local", taken(5.0)),
                "cloud": inventory(
                    "cloud", taken(5.0), trouble=Trouble("credentials", "AccessDenied")
                ),
            }
        )
        self.assertEqual((found["local"].up, found["local"].faults), (True, {}))
        self.assertEqual(found["cloud"].up, False)
        self.assertEqual(found["cloud"].faults, {"credentials": "AccessDenied"})
        self.assertEqual(found["cloud"].counts["full"], 1)

    def test_the_shipping_threads_word_is_the_newer_one(self) -> None:
        report = archive.Report(
            at=NOW - 5, repositories={"cloud": archive.Archive(False, "bucket", "NoSuchBucket")}
        )
        slower = inventory("cloud", trouble=Trouble("unreachable", "no answer"))
        found = self.repositories(report=report, inventories={"cloud": slower})["cloud"]
        self.assertEqual((found.up, found.faults), (False, {"bucket": "NoSuchBucket"}))

    def test_until_it_falls_silent(self) -> None:
        report = archive.Report(
            at=NOW - archive.FRESH_SECONDS - 1,
            repositories={"cloud": archive.Archive(False, "bucket", "NoSuchBucket")},
        )
        found = self.repositories(report=report, inventories={"cloud": inventory("cloud")})
        self.assertEqual((found["cloud"].up, found["cloud"].faults), (True, {}))

    def test_a_repository_that_was_not_asked_yet_is_neither_up_nor_down(self) -> None:
        self.assertIsNone(self.repositories()["local"].up)
        self.assertEqual(self.repositories()["local"].counts, {})

    def test_a_stanza_of_another_cluster(self) -> None:
        stanzas = {"local": StanzaFacts(False, "stanza", "another cluster's", 5.0)}
        found = self.repositories(
            stanzas=stanzas, inventories={"local": inventory("local")}
        )["local"]
        self.assertEqual(found.faults, {"stanza": "another cluster's"})
        self.assertIs(found.stanza_ready, False)

    def test_what_kept_a_stanza_from_being_made_ready_has_a_cause(self) -> None:
        for cause, label in (("clock", "clock"), ("other", "stanza"), ("", "stanza")):
            stanzas = {"local": StanzaFacts(False, cause, "words", 5.0)}
            found = self.repositories(stanzas=stanzas, inventories={"local": inventory("local")})
            self.assertEqual(found["local"].faults, {label: "words"})

    def test_a_full_volume(self) -> None:
        for free, faults in ((FULL_BYTES - 1, ["full"]), (FULL_BYTES, []), (None, [])):
            found = gathered(said(), volume_free_bytes=free).repositories
            self.assertEqual(list(found["local"].faults), faults)
            self.assertEqual(found["cloud"].faults, {})


class Archives(unittest.TestCase):
    REPORT = archive.Report(
        at=NOW - 2,
        repositories={
            "local": archive.Archive(
                last_segment=1980.5,
                recoverable_to=1975.25,
                holes=(("17-1", "0" * 24), ("17-1", "0" * 23 + "9")),
            )
        },
        backlog_segments=3,
        backlog_age=12.0,
        queues={"postgres-1": 2},
        queue_limit=64,
        holes_filled={"local": 4},
        heartbeat=1999.0,
        clock_skew=-0.25,
    )

    def test_what_it_says_is_passed_on(self) -> None:
        held = inventory("local", taken(900.0, "0" * 23 + "8"), taken(300.0))
        found = gathered(said(report=self.REPORT, inventories={"local": held}))
        local = found.repositories["local"]
        self.assertEqual((local.last_segment, local.recoverable_to), (1980.5, 1975.25))
        self.assertEqual((local.open_holes, local.holes_filled), (1, 4))
        self.assertEqual(local.recoverable_from, 300.0)
        self.assertEqual((found.queues, found.queue_limit), ({"postgres-1": 2}, 64))
        self.assertEqual((found.backlog_segments, found.backlog_age), (3, 12.0))
        self.assertEqual((found.heartbeat, found.clock_skew), (1999.0, -0.25))

    def test_without_a_cloud_nothing_is_shipped(self) -> None:
        found = gathered(said(report=self.REPORT, repositories=("local",)))
        self.assertIs(found.cloud_configured, False)
        self.assertIsNone(found.backlog_age)

    def test_without_settings_nobody_knows_of_a_cloud(self) -> None:
        self.assertIsNone(gathered(said(repositories=())).cloud_configured)


class Damaged(unittest.TestCase):
    def test_are_counted_by_kind(self) -> None:
        held = inventory(
            "local",
            taken(1.0, label="bad", damaged=True),
            taken(2.0, label="F"),
            taken(3.0, label="F_I", kind="incr"),
            dumps=[DUMP, Dump("20261124T024500Z")],
        )
        condemned = {("local", "F"), ("cloud", "F_I"), ("local", DUMP.label)}
        found = gathered(said(inventories={"local": held}, condemned=condemned))
        local = found.repositories["local"]
        self.assertEqual(local.counts, {"full": 2, "diff": 0, "incr": 1, "logical": 2})
        self.assertEqual(local.damaged, {"full": 2, "diff": 0, "incr": 0, "logical": 2})


class Page(unittest.TestCase):
    def test_of_nothing_has_only_what_is_known(self) -> None:
        values = samples(metrics.render(Facts()))
        self.assertEqual(
            values, {"holdfast_backup_running": 0.0, "holdfast_backup_settings_valid": 0.0}
        )

    def test_every_metric_of_a_whole_stack(self) -> None:
        physical = records.Proof("local", "physical", "F", 1500.0, True, rto=9.5, rpo=21.0)
        logical = records.Proof("local", "logical", "x", 1600.0, False, "no")
        what = said(
            repositories=("local",),
            inventories={"local": inventory("local", taken(900.0, label="F"), dumps=[DUMP])},
            report=Archives.REPORT,
            proofs=[physical, logical],
            stanzas={"local": StanzaFacts(True, since=50.0)},
        )
        facts = Facts(
            created=40.0,
            settings_valid=True,
            running=True,
            runs={
                ("local", "full"): RunFacts(1700.0, 0, 3.5, 3.0, 1000, 900),
                ("cloud", "logical"): RunFacts(failures=2),
            },
            due={("local", "physical"): None, ("cloud", "logical"): 1800.0},
            drill_alive=1998.0,
            volume_bytes=10**12,
            volume_free_bytes=10**11,
            certificates={"backup": 3000.0},
        )
        add(facts, what)
        values = samples(metrics.render(facts))
        local, run = '{repository="local"}', '{repository="local",kind="full"}'
        proof = '{repository="local",kind="physical"}'
        dump = '{repository="local",kind="logical"}'
        expected = {
            "holdfast_backup_created_timestamp_seconds": 40,
            f"holdfast_backup_last_success_timestamp_seconds{run}": 1700,
            f"holdfast_backup_failures{run}": 0,
            'holdfast_backup_failures{repository="cloud",kind="logical"}': 2,
            f"holdfast_backup_last_duration_seconds{run}": 3.5,
            f"holdfast_backup_previous_duration_seconds{run}": 3,
            f"holdfast_backup_last_size_bytes{run}": 1000,
            f"holdfast_backup_previous_size_bytes{run}": 900,
            'holdfast_backup_due_timestamp_seconds{repository="local",schedule="physical"}': 0,
            'holdfast_backup_due_timestamp_seconds{repository="cloud",schedule="logical"}': 1800,
            "holdfast_backup_running": 1,
            f"holdfast_backup_count{run}": 1,
            f"holdfast_backup_count{dump}": 1,
            f"holdfast_backup_damaged{run}": 0,
            f"holdfast_backup_recoverable_from_timestamp_seconds{local}": 900,
            "holdfast_cloud_configured": 0,
            f"holdfast_repository_up{local}": 1,
            f"holdfast_backup_stanza_ready{local}": 1,
            "holdfast_archive_report_timestamp_seconds": 1998,
            f"holdfast_archive_last_segment_timestamp_seconds{local}": 1980.5,
            f"holdfast_archive_recoverable_to_timestamp_seconds{local}": 1975.25,
            'holdfast_archive_queue_segments{member="postgres-1"}': 2,
            "holdfast_archive_queue_limit_segments": 64,
            f"holdfast_archive_holes{local}": 1,
            f"holdfast_archive_holes_filled_total{local}": 4,
            "holdfast_heartbeat_last_timestamp_seconds": 1999,
            "holdfast_clock_skew_seconds": -0.25,
            f"holdfast_restore_proven_timestamp_seconds{proof}": 1500,
            f"holdfast_restore_unproven_since_timestamp_seconds{proof}": 1500,
            f"holdfast_restore_unproven_since_timestamp_seconds{dump}": 50,
            f"holdfast_restore_last_result{proof}": 1,
            f"holdfast_restore_last_result{dump}": 0,
            f"holdfast_restore_last_run_timestamp_seconds{dump}": 1600,
            f"holdfast_restore_rto_seconds{proof}": 9.5,
            f"holdfast_restore_rpo_seconds{proof}": 21,
            "holdfast_restore_drill_alive_timestamp_seconds": 1998,
            "holdfast_backup_settings_valid": 1,
            f"holdfast_backup_volume_bytes{local}": 1e12,
            f"holdfast_backup_volume_free_bytes{local}": 1e11,
            'holdfast_certificate_expiry_timestamp_seconds{certificate="backup"}': 3000,
        }
        self.assertEqual({name: values.get(name) for name in expected}, expected)
        # What nobody knows is left out, not called 0.
        self.assertNotIn(f"holdfast_restore_proven_timestamp_seconds{dump}", values)
        self.assertNotIn(
            'holdfast_backup_last_duration_seconds{repository="cloud",kind="logical"}', values
        )
        self.assertNotIn("holdfast_archive_ship_backlog_age_seconds", values)

    def test_a_fault_has_its_cause_as_a_label(self) -> None:
        facts = Facts(repositories={"cloud": RepositoryFacts(up=False, faults={"clock": "late"})})
        text = metrics.render(facts)
        self.assertIn('\nholdfast_repository_fault{repository="cloud",cause="clock"} 1\n', text)
        self.assertIn('\nholdfast_repository_up{repository="cloud"} 0\n', text)

    def test_is_prometheus_text(self) -> None:
        facts = Facts(certificates={'a"b\\c\nd': 1795409544.123})
        lines = metrics.render(facts).splitlines()
        self.assertIn(
            'holdfast_certificate_expiry_timestamp_seconds{certificate="a\\"b\\\\c\\nd"}'
            " 1795409544.123",
            lines,
        )
        names = [family.name for family in FAMILIES]
        self.assertEqual(len(set(names)), len(names))
        helps = [line.split()[2] for line in lines if line.startswith("# HELP")]
        types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
        self.assertEqual((helps, types), (names, names))

    def test_large_numbers_keep_every_digit(self) -> None:
        text = metrics.render(Facts(volume_bytes=1234567890123))
        self.assertIn(" 1234567890123\n", text)


if __name__ == "__main__":
    unittest.main()
