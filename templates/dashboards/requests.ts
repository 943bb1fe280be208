/** What users ask for and what they get: by page, by database, and what routing had to do. */

import { HERE, INSTANCES, renderDashboard, type Section } from "./dashboard.ts";
import { lines } from "./panels.ts";
import { LOGS_UID, POOLER_UID, REQUESTS_UID } from "./uids.ts";

/** Renders requests.json. Pure; the same at every site. */
export function renderRequestsDashboard(): string {
  return renderDashboard({
    title: "Holdfast: requests",
    uid: REQUESTS_UID,
    description: "What do users get, which pages are slow, and which database answers?",
    // Of an application without metrics of its own the edge's rows are all there is.
    instancesOf: "up",
    sections: [edge(), pages(), database(), routing()],
  });
}

const EDGE = `${HERE}, job="edge"`;
const rate = (metric: string, labels = INSTANCES): string =>
  `rate(${metric}{${labels}}[$__rate_interval])`;
const p95 = (metric: string, by: string): string =>
  `histogram_quantile(0.95, sum by (${by}, le) (${rate(`${metric}_bucket`)}))`;

function edge(): Section {
  const responses = rate("haproxy_frontend_http_responses_total", `${EDGE}, proxy="http"`);
  return {
    title: "At the edge",
    panels: [
      lines({
        title: "Requests",
        description: "Requests per second, by class of answer.",
        unit: "reqps",
        queries: [{ expr: `sum by (code) (${responses})`, legend: "{{code}}" }],
        stacked: true,
      }),
      lines({
        title: "Server errors",
        description: "Part of the requests that end in a 5xx.",
        unit: "percentunit",
        queries: [
          {
            expr: `sum(${rate("haproxy_frontend_http_responses_total", `${EDGE}, proxy="http", code="5xx"`)}) / (sum(${responses}) > 0)`,
            legend: "5xx",
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: 0.05 }],
        runbooks: ["EdgeErrors"],
        more: LOGS_UID,
      }),
      lines({
        title: "Requests by instance",
        description: "Answers per second of each instance. They should be alike.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (server) (${rate("haproxy_server_http_responses_total", `${EDGE}, proxy="app"`)}) > 0`,
            legend: "{{server}}",
          },
        ],
      }),
      lines({
        title: "Time in the application",
        description: "Mean of the last 1024 requests, waiting excluded, by instance.",
        unit: "s",
        queries: [
          {
            expr: `haproxy_server_response_time_average_seconds{${EDGE}, proxy="app"} and on (server) haproxy_server_status{${EDGE}, proxy="app", state="UP"} == 1`,
            legend: "{{server}}",
          },
        ],
      }),
      lines({
        title: "Second tries",
        description: "Requests that the edge gave to another instance, or tried again, per second.",
        unit: "reqps",
        queries: [
          {
            expr: `sum(${rate("haproxy_backend_retry_warnings_total", `${EDGE}, proxy="app"`)})`,
            legend: "tried again",
          },
          {
            expr: `sum(${rate("haproxy_backend_redispatch_warnings_total", `${EDGE}, proxy="app"`)})`,
            legend: "another instance",
          },
        ],
      }),
      lines({
        title: "Healthy instances",
        description: "Instances that the edge sends requests to.",
        unit: "short",
        queries: [
          {
            expr: `haproxy_backend_active_servers{${EDGE}, proxy="app"}`,
            legend: "instances",
          },
        ],
        runbooks: ["EdgeNoInstance", "InstancesMissing"],
      }),
    ],
  };
}

function pages(): Section {
  return {
    title: "By page",
    panels: [
      lines({
        title: "Requests by view",
        description: "Requests per second that reached a view.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (view) (${rate("django_http_requests_total_by_view_transport_method_total")})`,
            legend: "{{view}}",
          },
        ],
        stacked: true,
      }),
      lines({
        title: "Latency, 95th percentile",
        description: "Time in the view, by view.",
        unit: "s",
        queries: [
          {
            expr: p95("django_http_requests_latency_seconds_by_view_method", "view"),
            legend: "{{view}}",
          },
        ],
      }),
      lines({
        title: "Answers by status",
        description: "Answers per second of each view, by status.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (view, status) (${rate("django_http_responses_total_by_status_view_method_total")})`,
            legend: "{{view}} {{status}}",
          },
        ],
      }),
    ],
  };
}

function database(): Section {
  return {
    title: "Database calls, by alias: default is the leader, replica the replicas",
    panels: [
      lines({
        title: "Calls",
        description: "Statements per second.",
        unit: "ops",
        queries: [
          { expr: `sum by (alias) (${rate("django_db_execute_total")})`, legend: "{{alias}}" },
        ],
      }),
      lines({
        title: "Time of a call, 95th percentile",
        description: "As the application sees it: pooler, network and database.",
        unit: "s",
        queries: [{ expr: p95("django_db_query_duration_seconds", "alias"), legend: "{{alias}}" }],
        more: POOLER_UID,
      }),
      lines({
        title: "New connections",
        description: "Connections opened to the pooler, per second.",
        unit: "ops",
        queries: [
          {
            expr: `sum by (alias) (${rate("django_db_new_connections_total")})`,
            legend: "{{alias}}",
          },
        ],
      }),
    ],
  };
}

function routing(): Section {
  return {
    title: "Routing",
    panels: [
      lines({
        title: "Reads by alias",
        description: "ORM reads per second: those at default follow a write of the same visitor.",
        unit: "ops",
        queries: [
          { expr: `sum by (alias) (${rate("holdfast_routing_reads_total")})`, legend: "{{alias}}" },
        ],
      }),
      lines({
        title: "Reads sent to the leader",
        description:
          "Because the replica was behind the visitor's write, on a new timeline, or away.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (reason) (${rate("holdfast_routing_fallbacks_total")})`,
            legend: "{{reason}}",
          },
        ],
        runbooks: ["PostgresReplicaLags"],
      }),
      lines({
        title: "Requests tried again, or refused",
        description: "After an error of the database: a second try, or 503. A failover shows here.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (kind, succeeded) (${rate("holdfast_routing_retries_total")})`,
            legend: "second try: {{kind}}, succeeded: {{succeeded}}",
          },
          {
            expr: `sum by (kind) (${rate("holdfast_routing_away_total")})`,
            legend: "503: {{kind}}",
          },
        ],
        runbooks: ["PostgresNoLeader"],
      }),
    ],
  };
}
