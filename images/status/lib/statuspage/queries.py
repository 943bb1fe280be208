"""What Prometheus is asked: a question for each part of the page, and one or two for each chart."""

from __future__ import annotations

from dataclasses import dataclass

# A server of the edge that served within this time and does not now is shown as missing: the edge
# has a slot for every instance that there may ever be, and says DOWN of all that never were.
SEEN_SECONDS = 3600
# How finely the stretches without a leader are measured; the longest takes 720 points an hour.
LEADER_STEP_SECONDS = 5
LEADER_RANGE_SECONDS = 3600

_PATRONI = (
    "primary|standby_leader|replica|sync_standby|quorum_standby|postgres_running"
    "|postgres_streaming|postgres_timeline|postmaster_start_time|xlog_location"
    "|xlog_replayed_location|is_paused|failsafe_mode_is_active"
)
_EDGE = 'job="edge", proxy="app"'
# The edge's backend has servers that are no instance, such as the queue of those who wait.
_SERVERS = f'{_EDGE}, server=~"app-[0-9]+"'
_LATENCY = "django_http_requests_latency_including_middlewares_seconds_bucket"
_WROTE = [f"pg_stat_database_tup_{what}" for what in ("inserted", "updated", "deleted")]


def instant(window_seconds: int) -> dict[str, str]:
    """By name: PromQL. `window_seconds`: over which a rate is taken."""
    window = f"[{window_seconds}s]"
    return {
        "up": "up",
        "patroni": f'{{__name__=~"patroni_({_PATRONI})"}}',
        "etcd": '{__name__=~"etcd_server_has_leader|etcd_server_is_leader'
        '|etcd_mvcc_db_total_size_in_bytes"}',
        "pgbouncer_up": "pgbouncer_up",
        "pooler_clients": "sum by (__name__, instance) ("
        '{__name__=~"pgbouncer_pools_client_(active|waiting)_connections", '
        'database!="pgbouncer"})',
        "pooler_wait": "max by (instance) "
        '(pgbouncer_pools_client_maxwait_seconds{database!="pgbouncer"})',
        "pooler_rate": "sum by (instance) (rate("
        f'pgbouncer_stats_sql_transactions_pooled_total{{database!="pgbouncer"}}{window}))',
        "doors": 'haproxy_backend_active_servers{job=~"router|edge", proxy=~"rw|ro|app"}',
        "server_up": f'haproxy_server_status{{{_SERVERS}, state="UP"}}',
        "server_seen": f'max_over_time(haproxy_server_status{{{_SERVERS}, state="UP"}}'
        f"[{SEEN_SECONDS}s]) == 1",
        "server_rate": "sum by (server) (rate("
        f"haproxy_server_http_responses_total{{{_SERVERS}}}{window}))",
        "server_errors": "sum by (server) (rate("
        f'haproxy_server_http_responses_total{{{_SERVERS}, code="5xx"}}{window}))',
        "server_average": f"haproxy_server_response_time_average_seconds{{{_SERVERS}}}",
        "instance_p95": "histogram_quantile(0.95, sum by (le, instance) "
        f"(rate({_LATENCY}{window})))",
        "autoscaler": '{__name__=~"holdfast_autoscaler_'
        '((desired|minimum|maximum)_instances|pinned|holding)"}',
        "backup": '{__name__=~"holdfast_(backup|repository|archive|restore|cloud)_.+"}',
    }


@dataclass(frozen=True)
class Question:
    """One query of a chart. `label`: a name, or the label whose value names each line."""

    expr: str
    name: str = ""
    label: str = ""


@dataclass(frozen=True)
class ChartSpec:
    """A chart. The questions of `otherwise` are shown where `questions` have no answer."""

    key: str
    title: str
    unit: str
    """`/s`, `s`, `bytes` or empty, for a count."""
    questions: tuple[Question, ...]
    otherwise: tuple[Question, ...] = ()
    objective: str = ""
    """The objective drawn as a line: a field of settings.Objectives."""


def charts(window_seconds: int) -> list[ChartSpec]:
    """Every chart, in reading order."""
    window = f"[{window_seconds}s]"
    edge = 'haproxy_frontend_http_responses_total{job="edge", proxy="http"'
    pooled = "pgbouncer_stats_sql_transactions_pooled_total"
    quantile = "histogram_quantile({}, sum by (le) (rate(" + _LATENCY + window + ")))"
    return [
        ChartSpec(
            "requests",
            "Requests by class of answer",
            "/s",
            (Question(f"sum by (code) (rate({edge}}}{window})) > 0", label="code"),),
        ),
        ChartSpec(
            "errors",
            "Answers that are server errors",
            "/s",
            (Question(f'sum(rate({edge}, code="5xx"}}{window}))', name="5xx"),),
        ),
        ChartSpec(
            "latency",
            "Time to answer",
            "s",
            (
                Question(quantile.format("0.95"), name="95th percentile"),
                Question(quantile.format("0.5"), name="median"),
            ),
            (
                Question(
                    'haproxy_backend_response_time_average_seconds{job="edge", proxy="app"}',
                    name="average of the last 1024",
                ),
            ),
        ),
        ChartSpec(
            "instances",
            "Instances that take requests",
            "",
            (Question(f"haproxy_backend_active_servers{{{_EDGE}}}", name="instances"),),
        ),
        ChartSpec(
            "transactions",
            "Transactions pooled",
            "/s",
            (
                Question(
                    f'sum(rate({pooled}{{database!~"pgbouncer|.+_ro"}}{window}))',
                    name="to the leader",
                ),
                Question(f'sum(rate({pooled}{{database=~".+_ro"}}{window}))', name="to replicas"),
            ),
        ),
        ChartSpec(
            "writes",
            "Rows written",
            "/s",
            (Question(" + ".join(f"sum(rate({one}{window}))" for one in _WROTE), name="rows"),),
        ),
        ChartSpec(
            "lag",
            "Replication lag",
            "bytes",
            (
                Question(
                    "clamp_min(scalar(max(patroni_xlog_location)) - "
                    "(patroni_xlog_replayed_location and patroni_replica == 1), 0)",
                    label="instance",
                ),
            ),
        ),
        ChartSpec(
            "loss",
            "Cost of losing the site",
            "s",
            (
                Question(
                    "time() - holdfast_archive_recoverable_to_timestamp_seconds",
                    label="repository",
                ),
            ),
            objective="recovery_point_seconds",
        ),
    ]


# Whether anybody leads. No answer of any member is no leader either, but a hole in Prometheus' own
# data is not: there `up` is missing as well.
LEADER = 'max(patroni_primary + patroni_standby_leader) or (max(up{job="patroni"}) * 0)'
