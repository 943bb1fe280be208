"""The rows that others script against, and the table that people read."""

import json
import unittest

from image_paths import use

use("backup")
from backup import listing  # noqa: E402
from report import archive, records  # noqa: E402
from report.inventory import Dump, Inventory, Trouble, dump_of  # noqa: E402
from report.overview import overview  # noqa: E402
from report_samples import taken  # noqa: E402

NOW = 1795600000.0
HOUR = 3600.0
KEYS = {
    "repository",
    "kind",
    "label",
    "start",
    "stop",
    "bytes",
    "provenAt",
    "recoverableFrom",
    "recoverableTo",
    "damaged",
}
DUMP = Dump("20261125T024500Z", NOW - 9 * HOUR, NOW - 9 * HOUR + 20, 900_000, NOW - 9 * HOUR + 1)


def proof(repository: str, kind: str, label: str, hours_ago: float, passed: bool = True):
    error = "" if passed else "no such file"
    return records.Proof(repository, kind, label, NOW - hours_ago * HOUR, passed, error)


def local(*backups, dumps=(DUMP,), trouble=None):
    return Inventory("local", NOW, NOW - 5, tuple(backups), tuple(dumps), trouble)


def report(local_archive: archive.Archive, cloud: archive.Archive | None = None) -> archive.Report:
    known = {"local": local_archive, **({"cloud": cloud} if cloud else {})}
    return archive.Report(at=NOW - 3, repositories=known)


class Rows(unittest.TestCase):
    FULL = taken(NOW - 10 * HOUR, label="F")
    INCR = taken(NOW - HOUR, label="F_I", prior="F", kind="incr")
    WHOLE = archive.Archive(intervals=((FULL.stop, NOW - 20),), recoverable_to=NOW - 20)

    def test_have_the_contracts_keys_and_go_through_json(self) -> None:
        rows = listing.rows([local(self.FULL)], report(self.WHOLE))
        self.assertEqual([set(row) for row in rows], [KEYS, KEYS])
        self.assertEqual(json.loads(json.dumps(rows)), rows)

    def test_are_those_of_both_repositories_oldest_first(self) -> None:
        away = taken(NOW - 10 * HOUR, label="F", repository="cloud")
        cloud = Inventory("cloud", NOW, NOW, (away,), (DUMP,))
        rows = listing.rows([local(self.FULL, self.INCR), cloud], report(self.WHOLE))
        self.assertEqual(
            [(row["repository"], row["label"]) for row in rows],
            [
                ("local", "F"),
                ("cloud", "F"),
                ("local", DUMP.label),
                ("cloud", DUMP.label),
                ("local", "F_I"),
            ],
        )

    def test_a_base_backup_reaches_as_far_as_the_unbroken_archive(self) -> None:
        row = listing.rows([local(self.FULL, dumps=())], report(self.WHOLE))[0]
        self.assertEqual(row["recoverableFrom"], listing.iso(self.FULL.stop))
        self.assertEqual(row["recoverableTo"], listing.iso(NOW - 20))
        row = listing.rows([local(self.FULL, dumps=())], archive.Report())[0]
        self.assertEqual(row["recoverableTo"], row["recoverableFrom"])

    def test_a_dump_restores_to_its_snapshot(self) -> None:
        row = listing.rows([local()], archive.Report())[0]
        self.assertEqual(row["recoverableFrom"], listing.iso(NOW - 9 * HOUR + 1))
        self.assertEqual(row["recoverableTo"], row["recoverableFrom"])

    def test_a_dump_that_nobody_can_read_stays_visible(self) -> None:
        unreadable = dump_of({"label": "20261125T024500Z"})
        row = listing.rows([local(dumps=[unreadable])], archive.Report())[0]
        self.assertEqual(row["start"], "2026-11-25T02:45:00Z")
        self.assertEqual([row["stop"], row["bytes"], row["recoverableTo"]], [None] * 3)
        self.assertTrue(row["damaged"])

    def test_a_proof_holds_for_the_chain_in_its_own_repository(self) -> None:
        away = taken(NOW - 10 * HOUR, label="F", repository="cloud")
        cloud = Inventory("cloud", NOW, NOW, (away,), ())
        proofs = [proof("local", "physical", "F_I", 0.5), proof("local", "physical", "F", 5)]
        rows = listing.rows([local(self.FULL, self.INCR), cloud], report(self.WHOLE), proofs)
        when = {(row["repository"], row["label"]): row["provenAt"] for row in rows}
        self.assertEqual(when["local", "F"], listing.iso(NOW - HOUR / 2))
        self.assertEqual(when["local", "F_I"], listing.iso(NOW - HOUR / 2))
        self.assertIsNone(when["cloud", "F"])
        self.assertIsNone(when["local", DUMP.label])

    def test_damaged_ones_are_marked(self) -> None:
        rows = listing.rows(
            [local(taken(NOW, label="bad", damaged=True), self.FULL)],
            report(self.WHOLE),
            condemned={("local", DUMP.label), ("cloud", "F")},
        )
        marked = {row["label"] for row in rows if row["damaged"]}
        self.assertEqual(marked, {"bad", DUMP.label})


class Text(unittest.TestCase):
    FULL = taken(NOW - 10 * HOUR, label="F")

    def text(self, inventories, said, proofs=(), condemned=()):
        rows = listing.rows(inventories, said, proofs, condemned)
        views = [overview(one, said, proofs, NOW) for one in inventories]
        return listing.text(rows, views, NOW).splitlines()

    def test_the_table(self) -> None:
        whole = archive.Archive(intervals=((self.FULL.stop, NOW - 20),), recoverable_to=NOW - 20)
        proofs = [proof("local", "physical", "F", 3)]
        lines = self.text([local(self.FULL)], report(whole), proofs, {("local", DUMP.label)})
        head, full, dump = (line.split() for line in lines[:3])
        self.assertEqual(head, list(listing.HEAD))
        self.assertEqual(full[:3], ["local", "full", "F"])
        self.assertEqual(full[4:10], ["10", "h", "1", "B", "3", "h"])
        self.assertEqual(full[-3:], [listing.iso(self.FULL.stop), "…", listing.iso(NOW - 20)])
        self.assertIn("DAMAGED", dump)
        columns = {line.index(cell) for line, cell in zip(lines[:2], ("LABEL", "F "), strict=True)}
        self.assertEqual(len(columns), 1)

    def test_a_line_a_repository_with_its_windows_and_what_a_loss_costs(self) -> None:
        later = taken(NOW - 2 * HOUR, label="later")
        holed = archive.Archive(
            intervals=((self.FULL.stop, NOW - 5 * HOUR), (later.stop, NOW - 20)),
            recoverable_to=NOW - 20,
            holes=(("17-1", "0" * 23 + "1"),),
        )
        proofs = [proof("local", "physical", "F", 3), proof("local", "logical", "x", 1, False)]
        lines = self.text([local(self.FULL, later)], report(holed), proofs)
        iso = listing.iso
        self.assertIn(
            f"local: recoverable {iso(self.FULL.stop)} … {iso(NOW - 5 * HOUR)}"
            f" and {iso(later.stop)} … {iso(NOW - 20)}; RPO now 20 s; "
            "proven: physical 3 h ago, logical never; 1 hole in its WAL",
            lines,
        )
        self.assertIn("local: FAILED logical drill 60 min ago: no such file", lines)
        self.assertEqual(lines[-1], listing.NO_CLOUD)

    def test_a_fault_has_its_cause_its_words_and_the_age_of_the_list(self) -> None:
        dead = archive.Archive(False, "bucket", "repository cloud: NoSuchBucket")
        cloud = Inventory("cloud", NOW, NOW - 600, (), (), Trouble("other", "less precise"))
        lines = self.text([local(self.FULL), cloud], report(archive.Archive(), dead))
        self.assertEqual(lines[-1], "cloud: FAULT bucket: NoSuchBucket (as of 10 min ago)")
        self.assertIn("cloud: nothing recoverable yet; RPO now unknown", lines[-2])
        self.assertNotIn(listing.NO_CLOUD, lines)

    def test_a_repository_that_never_answered(self) -> None:
        silent = Inventory("cloud", NOW, None, (), (), Trouble("unreachable", "no answer"))
        lines = self.text([local(self.FULL), silent], archive.Report())
        self.assertEqual(lines[-1], "cloud: FAULT unreachable: no answer (never answered)")

    def test_an_empty_list_has_a_head(self) -> None:
        self.assertEqual(self.text([], archive.Report())[0].split(), list(listing.HEAD))


class States(unittest.TestCase):
    def test_go_through_json(self) -> None:
        full = taken(NOW - HOUR, label="F")
        said = report(
            archive.Archive(intervals=((full.stop, NOW - 20.4),), recoverable_to=NOW - 20.4)
        )
        view = overview(local(full), said, [proof("local", "physical", "F", 1)], NOW)
        state = json.loads(json.dumps(listing.states([view], NOW)))[0]
        self.assertEqual(state["repository"], "local")
        self.assertEqual((state["faults"], state["holes"], state["rpoSeconds"]), ([], 0, 20))
        self.assertEqual(state["windows"], [[listing.iso(full.stop), listing.iso(NOW - 20.4)]])
        self.assertTrue(state["proofs"]["physical"]["passed"])
        self.assertIsNone(state["proofs"]["logical"]["lastRunAt"])


class Words(unittest.TestCase):
    def test_ages(self) -> None:
        cases = {0: "0 s", 119: "119 s", 120: "2 min", 7199: "119 min", 7200: "2 h"}
        cases |= {2 * 86400 - 1: "47 h", 2 * 86400: "2 d", -3: "0 s"}
        self.assertEqual({n: listing.age(n) for n in cases}, cases)

    def test_sizes(self) -> None:
        sizes = [listing.size(count) for count in (None, 0, 1023, 1536, 5 << 40)]
        self.assertEqual(sizes, ["-", "0 B", "1023 B", "1.5 KiB", "5.0 TiB"])


if __name__ == "__main__":
    unittest.main()
