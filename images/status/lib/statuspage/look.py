"""One look at the whole site: what the page shows, from what everybody answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import backups, database, promises, queries, settings, traffic
from .ask import AT_ONCE, LOOK_SECONDS, Get, Patroni, Prometheus, alertmanager, all_at_once
from .charts import Chart, chart
from .fetch import Unanswered, get_json
from .model import Alert, Overview, Verdict
from .ranges import DEFAULT, RANGES, Range
from .remember import Remembered, Shared
from .samples import Series, value_of
from .settings import Place
from .verdict import verdict

# Viewers within this time see the same look: many of them cost Prometheus no more than one.
SHARED_SECONDS = 2.0
# The finest chart gets a new point every 30 s.
CHARTS_SECONDS = 10.0


class Site:
    """Looks when somebody wants to see, and remembers what fell silent."""

    def __init__(
        self,
        place: Place,
        live: Path = settings.LIVE,
        get: Get = get_json,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._live, self._get, self._clock = place, live, get, clock
        self._prometheus = Prometheus(place.prometheus, get)
        self._patroni = Patroni(place.patroni, get)
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="ask")
        self._metrics: Remembered[database.Answers] = Remembered("Prometheus", {})
        self._alerts: Remembered[tuple[Alert, ...]] = Remembered("Alertmanager", ())
        self._cluster: Remembered[tuple[Any, Any]] = Remembered("Patroni", (None, None))
        self._led: list[Series] | None = None
        self.look_seconds = 0.0
        self._overview = Shared(SHARED_SECONDS, self._look)
        self._drawn: dict[str, tuple[Chart, ...]] = {}
        self._charts = {
            one.key: Shared(CHARTS_SECONDS, lambda one=one: self._draw(one)) for one in RANGES
        }

    def overview(self) -> Overview:
        return self._overview.get()

    def charts(self, shown: Range = DEFAULT) -> tuple[Chart, ...]:
        return self._charts[shown.key].get()

    def sources(self) -> list[Remembered[Any]]:
        return [self._metrics, self._alerts, self._cluster]

    def _look(self) -> Overview:
        began = time.monotonic()
        wanted = settings.objectives(self._live)
        window = DEFAULT.window(wanted.scrape_interval_seconds)
        step, now = queries.LEADER_STEP_SECONDS, self._clock()
        questions: dict[str, Callable[[], Any]] = {
            "patroni": self._patroni.cluster,
            "alertmanager": lambda: alertmanager(self._place.alertmanager, self._get),
            "led": lambda: self._prometheus.range(
                queries.LEADER, now, queries.LEADER_RANGE_SECONDS, step
            ),
            **{
                f"metrics {name}": (lambda expr=expr: self._prometheus.instant(expr))
                for name, expr in queries.instant(window).items()
            },
        }
        found = all_at_once(self._pool, questions, LOOK_SECONDS)
        self._cluster.take(lambda: _told(found["patroni"]))
        self._metrics.take(lambda: _metrics(found, self._metrics.answer))
        self._alerts.take(lambda: _told(found["alertmanager"]))
        if not isinstance(found["led"], Unanswered):
            self._led = found["led"]
        elif self._metrics.error:
            self._led = None
        overview = self._put_together(wanted, now)
        self.look_seconds = time.monotonic() - began
        return overview

    def _put_together(self, wanted: settings.Objectives, now: float) -> Overview:
        answers, (cluster, history) = self._metrics.answer, self._cluster.answer
        # What Patroni said before is of no use while the members still talk to Prometheus.
        if self._cluster.error and not self._metrics.error:
            cluster = None
        repositories = backups.repositories(answers, now)
        proofs = backups.proofs(answers)
        found = Overview(
            self._place.stack,
            self._place.site,
            now,
            Verdict("unknown"),
            sources=tuple(one.source for one in self.sources()),
            alerts=self._firing(),
            members=database.members(cluster, history, answers),
            etcd=database.etcd(answers),
            poolers=database.poolers(answers),
            doors=traffic.doors(answers),
            instances=traffic.instances(answers),
            scaling=traffic.scaling(answers),
            parts=traffic.parts(answers),
            backups=backups.backups(answers),
            repositories=repositories,
            proofs=proofs,
            cloud=backups.cloud(answers),
            objectives=promises.objectives(
                wanted, repositories, proofs, self._led, queries.LEADER_STEP_SECONDS
            ),
            read_lag_limit_bytes=wanted.read_lag_limit_bytes,
            notes=_notes(cluster, answers),
        )
        return replace(found, verdict=verdict(found))

    def _firing(self) -> tuple[Alert, ...]:
        """Alertmanager's word; while it is silent, that of Prometheus, who found them."""
        if self._alerts.error and not self._metrics.error:
            try:
                return self._prometheus.alerts()
            except Unanswered:
                pass
        return self._alerts.answer

    def _draw(self, shown: Range) -> tuple[Chart, ...]:
        """Of a Prometheus that is known to be silent nobody waits for charts: the last ones stay.

        Their time axis says until when they go.
        """
        if self._metrics.error and shown.key in self._drawn:
            return self._drawn[shown.key]
        wanted = settings.objectives(self._live)
        now = self._clock()
        specs = queries.charts(shown.window(wanted.scrape_interval_seconds))

        def ask(asked: queries.Question) -> Callable[[], list[Series]]:
            return lambda: self._prometheus.range(asked.expr, now, shown.seconds, shown.step)

        questions = {
            (spec.key, part, number): ask(asked)
            for spec in specs
            for part in ("questions", "otherwise")
            for number, asked in enumerate(getattr(spec, part))
        }
        if self._metrics.error:
            silence = Unanswered(self._metrics.error)
            return tuple(
                chart(spec, dict.fromkeys(questions, silence), shown, now, wanted)
                for spec in specs
            )
        found = all_at_once(self._pool, questions, LOOK_SECONDS)
        drawn = tuple(chart(spec, found, shown, now, wanted) for spec in specs)
        if any(one.lines for one in drawn):
            self._drawn[shown.key] = drawn
        return drawn


def _told(answer: Any) -> Any:
    if isinstance(answer, Unanswered):
        raise answer
    return answer


def _metrics(found: dict[str, Any], before: database.Answers) -> database.Answers:
    """All answers of Prometheus. It counts as silent when it does not even know its targets."""
    _told(found["metrics up"])
    return {
        name.removeprefix("metrics "): before.get(name.removeprefix("metrics "), [])
        if isinstance(answer, Unanswered)
        else answer
        for name, answer in found.items()
        if name.startswith("metrics ")
    }


def _notes(cluster: Any, answers: database.Answers) -> tuple[str, ...]:
    known = answers.get("patroni", [])
    notes = []
    if (cluster or {}).get("pause") or value_of(known, "patroni_is_paused") == 1:
        notes.append("Patroni is paused: no failover happens by itself.")
    if any(
        one.labels.get("__name__") == "patroni_failsafe_mode_is_active" and one.value == 1
        for one in known
    ):
        notes.append("etcd is away: the leader goes on only while every replica answers it.")
    return tuple(notes)
