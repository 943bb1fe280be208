"""Charts and words of the status page: gaps, limits, scales, units."""

import unittest

from status_world import World  # noqa: F401 - puts the image's library on the path

from statuspage import promises, svg, words
from statuspage.charts import MAX_LINES, Chart, Line, chart
from statuspage.fetch import Unanswered
from statuspage.queries import ChartSpec, Question
from statuspage.ranges import RANGES
from statuspage.samples import Series
from statuspage.settings import Objectives

HOUR = RANGES[0]
SPEC = ChartSpec("k", "Lag", "bytes", (Question("x", label="instance"),))


def drawn(*lines: Line, limit: float | None = None, unit: str = "") -> str:
    return svg.draw(Chart("k", "Title", unit, 0, 3600, 30, lines, limit=limit))


class Drawing(unittest.TestCase):
    def test_a_gap_parts_a_line(self) -> None:
        line = Line("a", ((0, 1), (30, 2), (300, 1), (330, 2), (900, 1)))
        self.assertEqual([len(part) for part in svg.stretches(line, 30)], [2, 2, 1])
        text = drawn(line)
        self.assertEqual((text.count("<polyline"), text.count("<circle")), (2, 1))

    def test_values_lie_where_they_belong(self) -> None:
        text = drawn(Line("a", ((0, 0), (30, 10))))
        first, second = text.split('points="')[1].split('"')[0].split()
        self.assertEqual(first, "8.0,118.0")
        self.assertEqual(second.split(",")[1], "20.0")

    def test_it_is_told_in_words(self) -> None:
        text = drawn(Line("requests", ((0, 4), (30, 2))), unit="/s")
        self.assertIn("Title: requests 2/s now, 2/s to 4/s</title>", text)

    def test_an_objective_is_a_line_within_the_chart(self) -> None:
        text = drawn(Line("a", ((0, 1), (30, 2))), limit=60, unit="s")
        self.assertIn("objective 60 s", text)
        self.assertIn('class="scale">75 s', text)

    def test_scales_are_round(self) -> None:
        cases = [(0, "", 1), (0, "bytes", 1024), (2, "", 3), (4.4, "/s", 5), (1500, "bytes", 2048),
                 (0.21, "s", 0.3), (75, "s", 75), (76, "s", 100)]  # fmt: skip
        for highest, unit, expected in cases:
            self.assertAlmostEqual(svg.ceiling(highest, unit), expected)
            self.assertGreaterEqual(svg.ceiling(highest, unit), highest)


class Charting(unittest.TestCase):
    def series(self, count: int) -> list[Series]:
        return [Series({"instance": f"p-{n}"}, ((0.0, float(n)),)) for n in range(1, count + 1)]

    def made(self, answer: object, spec: ChartSpec = SPEC, otherwise: object = None) -> Chart:
        found = {("k", "questions", 0): answer, ("k", "otherwise", 0): otherwise or []}
        return chart(spec, found, HOUR, 3601, Objectives(recovery_point_seconds=60))

    def test_lines_by_number_and_the_largest_when_there_are_many(self) -> None:
        made = self.made(self.series(12))
        self.assertEqual([line.name for line in made.lines], [f"p-{n}" for n in range(7, 13)])
        self.assertEqual(made.more, 12 - MAX_LINES)
        self.assertEqual((made.begin, made.end), (0, 3600))

    def test_silence_is_no_empty_chart(self) -> None:
        self.assertEqual(self.made(Unanswered("gone")).error, "gone")
        self.assertEqual(self.made([]).error, "")

    def test_what_is_shown_otherwise(self) -> None:
        spec = ChartSpec("k", "T", "s", (Question("x", name="p95"),), (Question("y", name="avg"),))
        self.assertEqual([one.name for one in self.made(self.series(1), spec).lines], ["p95"])
        made = self.made([], spec, self.series(1))
        self.assertEqual([one.name for one in made.lines], ["avg"])


class Promises(unittest.TestCase):
    def gap(self, *values: tuple[float, float]) -> float | None:
        return promises.longest_gap([Series({}, values)], 5)

    def test_the_longest_stretch_without_a_leader(self) -> None:
        self.assertIsNone(promises.longest_gap([], 5))
        self.assertEqual(self.gap((0, 1), (5, 1)), 0)
        self.assertEqual(self.gap((0, 1), (5, 0), (10, 0), (15, 1), (20, 0)), 10)

    def test_a_hole_in_the_data_is_no_gap_of_the_database(self) -> None:
        self.assertEqual(self.gap((0, 0), (5, 0), (500, 0), (505, 1)), 10)


class Words(unittest.TestCase):
    def test_durations(self) -> None:
        cases = {None: "–", 0: "0 s", 0.0003: "0.3 ms", 0.25: "250 ms", 4.04: "4.0 s", 61: "61 s",
                 200: "3 min 20 s", 180: "3 min", 18720: "5 h 12 min", 273600: "3 d 4 h"}  # fmt: skip
        for seconds, text in cases.items():
            self.assertEqual(words.duration(seconds), text)

    def test_sizes_and_numbers(self) -> None:
        sizes = [words.size(n) for n in (None, 0, 1536, 2**30)]
        self.assertEqual(sizes, ["–", "0 B", "1.5 KiB", "1.0 GiB"])
        numbers = [words.number(n) for n in (None, 0, 0.034, 4.56, 128.4, 12345)]
        self.assertEqual(numbers, ["–", "0", "0.03", "4.6", "128", "12.3k"])

    def test_times(self) -> None:
        now = 1795874400.0
        self.assertEqual(words.clock(now - 60, now), "13:59:00")
        self.assertEqual(words.clock(now - 86400, now), "2026-11-27 14:00")
        self.assertEqual(words.clock(None, now), "never")
        self.assertEqual([words.ago(now - n, now) for n in (5, 130, 7300, 200000)],
                         ["5 s ago", "2 min ago", "2 h ago", "2 d ago"])  # fmt: skip


if __name__ == "__main__":
    unittest.main()
