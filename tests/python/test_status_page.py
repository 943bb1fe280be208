"""The status page as a browser gets it: its text, its marks, and that nothing breaks into it."""

import json
import os
import unittest
from pathlib import Path

from status_world import NO_SERIES, NOW, Tags, World

from statuspage import api, page
from statuspage.html import tag, web_link
from statuspage.ranges import RANGES, end_of, range_of

SNAPSHOT = Path(__file__).parent / "status_page.txt"
ASSETS = {
    name: f"/assets/0/{name}"
    for name in (
        "style.css",
        "status.js",
        "healthy.svg",
        "degraded.svg",
        "down.svg",
        "unknown.svg",
    )
}
HOSTILE = "<script>alert(1)</script>\"'&"


def rendered(world: World, key: str = "1h", refresh: bool = True) -> str:
    site, shown = world.site(), range_of(key)
    return page.render(site.overview(), site.charts(shown), shown, ASSETS, refresh)


class Page(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World()

    def test_the_whole_page_as_it_was_read_through(self) -> None:
        """After a wanted change: HOLDFAST_UPDATE=1, then read the difference."""
        text = rendered(self.world).replace("><", ">\n<")
        if os.environ.get("HOLDFAST_UPDATE"):
            SNAPSHOT.write_text(text)
        self.assertEqual(text, SNAPSHOT.read_text())

    def test_what_a_page_owes_those_who_do_not_see_it(self) -> None:
        found = Tags(rendered(self.world))
        names = [name for name, _ in found.tags]
        self.assertEqual(names.count("h1"), 1)
        self.assertEqual(names.count("main"), 1)
        self.assertIn(("html", {"lang": "en"}), found.tags)
        self.assertEqual(names.count("table"), names.count("caption"))
        for name, attributes in found.tags:
            if name == "th":
                self.assertIn(attributes.get("scope"), ("row", "col"))
            if name == "svg":
                self.assertEqual(attributes.get("role"), "img")
        ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
        self.assertEqual(len(ids), len(set(ids)))
        named = [one["aria-labelledby"] for _, one in found.tags if "aria-labelledby" in one]
        self.assertLessEqual(set(named), set(ids))

    def test_every_colour_has_a_sign_and_a_word(self) -> None:
        self.assertIn("✓ streaming", Tags(rendered(self.world)).text)
        self.world.put("up", 0, metric="up", job="guard", instance="guard")
        self.assertIn("✗ does not answer", Tags(rendered(self.world)).text)
        self.world.put("up", 0, metric="up", job="app", instance="app-3")
        self.assertIn("○ takes no requests", Tags(rendered(self.world)).text)

    def test_nothing_is_inline_and_nothing_comes_from_elsewhere(self) -> None:
        for name, attributes in Tags(rendered(self.world)).tags:
            self.assertNotIn("style", attributes)
            self.assertFalse([key for key in attributes if key.startswith("on")], name)
            for key in ("src", "href"):
                if key in attributes:
                    self.assertRegex(attributes[key] or "", r"^(/[^/]|#|/$)")

    def test_it_renews_itself_without_javascript_and_may_be_stopped(self) -> None:
        text = rendered(self.world)
        self.assertIn('<noscript><meta http-equiv="refresh" content="5"></noscript>', text)
        stopped = rendered(self.world, refresh=False)
        self.assertNotIn("http-equiv", stopped)
        self.assertNotIn("<script", stopped)

    def test_hostile_labels_stay_text(self) -> None:
        calm = [name for name, _ in Tags(rendered(self.world)).tags]
        self.world.answers["alerts"] = [
            {
                "labels": {"alertname": HOSTILE, "severity": HOSTILE, "instance": HOSTILE},
                "annotations": {
                    "summary": HOSTILE,
                    "action": HOSTILE,
                    "runbook_url": "javascript:alert(1)",
                },
                "startsAt": HOSTILE,
            }
        ]
        members = self.world.answers["cluster"]["members"]
        self.world.answers["cluster"] = {
            "members": [*members, {"name": HOSTILE, "role": HOSTILE, "state": HOSTILE}]
        }
        self.world.put("up", 0, metric="up", job=HOSTILE, instance=HOSTILE)
        labels = {"repository": HOSTILE, "cause": HOSTILE}
        self.world.put("backup", 1, metric="holdfast_repository_fault", **labels)
        text = rendered(self.world)
        self.assertNotIn("<script>alert", text)
        found = Tags(text)
        self.assertIn(HOSTILE, found.text)
        self.assertEqual(
            [name for name, _ in found.tags].count("script"), calm.count("script")
        )
        links = [one.get("href") or "" for _, one in found.tags]
        self.assertFalse([link for link in links if link.startswith("java")])

    def test_an_alert_says_what_to_do(self) -> None:
        self.world.answers["alerts"] = [
            {
                "labels": {
                    "alertname": "RepositoryFault",
                    "severity": "critical",
                    "repository": "cloud",
                },
                "annotations": {
                    "summary": "The cloud's bucket is away",
                    "action": "See the backup container's log.",
                    "runbook": "docs/runbooks/RepositoryFault.md",
                },
                "startsAt": "2026-11-28T14:00:00Z",
            }
        ]
        text = Tags(rendered(self.world)).text
        for words in (
            "Degraded",
            "Alerts firing: 1",
            "critical RepositoryFault (cloud)",
            "The cloud's bucket is away",
            "What to do: See the backup container's log.",
            "Runbook: docs/runbooks/RepositoryFault.md",
            "since 14:00:00 UTC",
        ):
            with self.subTest(words):
                self.assertIn(words, text)

    def test_silence_is_said_with_the_age_of_what_is_shown(self) -> None:
        site, shown = self.world.site(), RANGES[0]
        site.overview()
        site._metrics.answered_at = NOW - 130
        self.world.silence_prometheus()
        text = page.render(site._look(), site.charts(shown), shown, ASSETS, True)
        self.assertIn("Prometheus does not answer (Connection refused): values of", text)
        self.assertIn("2 min ago", text)
        self.assertIn("No data: Connection refused", text)

    def test_a_prometheus_without_data(self) -> None:
        for name in [name for name in self.world.answers if name.startswith("range ")]:
            self.world.answers[name] = NO_SERIES
        text = Tags(rendered(self.world)).text
        self.assertEqual(text.count("No data in this time."), 8)

    def test_no_cloud_is_said_plainly(self) -> None:
        self.world.without("backup", repository="cloud")
        self.world.put("backup", 0, metric="holdfast_cloud_configured")
        self.assertIn("the loss of this machine loses every backup", rendered(self.world))

    def test_ranges_are_those_that_there_are(self) -> None:
        self.assertEqual(range_of("24h").seconds, 86400)
        for word in ("", "2h", "../../etc/passwd", HOSTILE):
            self.assertEqual(range_of(word).key, "1h")
        self.assertEqual([one.seconds / one.step for one in RANGES], [120] * 4)

    def test_a_young_environment_is_in_the_longest_chart_too(self) -> None:
        for one in RANGES:
            end = end_of(1_000_019.0, one.step)
            self.assertLess(1_000_019.0 - end, 60)
            self.assertEqual(end_of(1_000_019.5, one.step), end)

    def test_the_same_as_json(self) -> None:
        site = self.world.site()
        found = json.loads(api.render(site.overview(), site.charts()))
        self.assertEqual(found["verdict"]["state"], "healthy")
        self.assertEqual(found["members"][0]["name"], "postgres-1")
        self.assertRegex(found["lookedAt"], r"^2026-11-28T\d\d:\d\d:\d\dZ$")
        self.assertEqual(len(found["charts"]), 8)
        self.assertIn("lagBytes", found["members"][1])
        self.assertIsNone(found["objectives"][0]["met"])


class Html(unittest.TestCase):
    def test_attributes_and_children_are_escaped(self) -> None:
        children = ("<b>", tag("i", "&"), None, 3)
        made = tag("a", *children, href='"><x', class_="c", hidden=True, rel=None)
        expected = '<a href="&quot;&gt;&lt;x" class="c" hidden>&lt;b&gt;<i>&amp;</i>3</a>'
        self.assertEqual(made, expected)

    def test_only_web_addresses_are_links(self) -> None:
        for good in ("https://example.org/a", "http://h/"):
            self.assertEqual(web_link(good), good)
        for bad in ("javascript:alert(1)", "data:text/html,x", "docs/a.md", "//h", "", "http://[x"):
            self.assertIsNone(web_link(bad))


if __name__ == "__main__":
    unittest.main()
