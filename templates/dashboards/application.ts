/** The application's dashboard: what traffic comes, how many instances serve it, and why so many. */

import { HERE, renderDashboard, type Section } from "./dashboard.ts";
import { lines, stat } from "./panels.ts";
import { APPLICATION_UID } from "./uids.ts";

/** Renders application.json. Pure; the same at every site. */
export function renderApplicationDashboard(): string {
  return renderDashboard({
    title: "Holdfast: application",
    uid: APPLICATION_UID,
    description: "What traffic comes, how many instances serve it, and why so many?",
    sections: [now(), traffic(), scaling()],
  });
}

const scaler = (metric: string, labels = ""): string =>
  `holdfast_autoscaler_${metric}{${HERE}${labels}}`;
const backend = (metric: string): string =>
  `haproxy_backend_${metric}{${HERE}, job="edge", proxy="app"}`;

function now(): Section {
  const value = (title: string, description: string, expr: string) =>
    stat({ title, description, unit: "short", queries: [{ expr, legend: title }] });
  const warns = (title: string, description: string, expr: string, runbooks: string[] = []) =>
    stat({
      title,
      description,
      unit: "short",
      queries: [{ expr, legend: title }],
      steps: [{ color: "green" }, { color: "orange", from: 1 }],
      runbooks,
    });
  return {
    title: "Now",
    panels: [
      value("Desired", "Instances that should run.", scaler("desired_instances")),
      value("Ready", "Instances that the edge sends requests to.", scaler("ready_instances")),
      value(
        "Asked for",
        "What the measurements alone ask for, before windows, steps and bounds.",
        scaler("wanted_instances"),
      ),
      warns("Pinned", "1: a person chose the number (./holdfast scale).", scaler("pinned")),
      warns("Holding", "1: a source is away, nothing is decided.", scaler("holding"), [
        "AutoscalerHolds",
      ]),
      warns("Failing", "Instances that run without traffic.", scaler("failing_instances"), [
        "InstanceFailing",
        "InstancesFailTogether",
      ]),
    ],
  };
}

function traffic(): Section {
  const requests = `haproxy_frontend_http_requests_total{${HERE}, job="edge", proxy="http"}`;
  const buckets = `django_http_requests_latency_including_middlewares_seconds_bucket{${HERE}}`;
  return {
    title: "Traffic",
    panels: [
      lines({
        title: "Requests",
        description: "Requests a second at the edge.",
        unit: "reqps",
        queries: [{ expr: `sum(rate(${requests}[$__rate_interval]))`, legend: "requests" }],
      }),
      lines({
        title: "Waiting",
        description: "Requests that wait for a free place at an instance. Should be 0.",
        unit: "short",
        queries: [{ expr: backend("current_queue"), legend: "waiting" }],
      }),
      lines({
        title: "Latency",
        description:
          "At the edge: mean of the last 1024 requests, and of their wait. In Django: 95th percentile.",
        unit: "s",
        queries: [
          { expr: backend("total_time_average_seconds"), legend: "edge, mean" },
          { expr: backend("queue_time_average_seconds"), legend: "edge, wait" },
          {
            expr: `histogram_quantile(0.95, sum by (le) (rate(${buckets}[$__rate_interval])))`,
            legend: "Django, p95",
          },
        ],
      }),
    ],
  };
}

function scaling(): Section {
  return {
    title: "Scaling",
    panels: [
      lines({
        title: "Instances",
        description: "How many should run, do run, and serve, between minimum and maximum.",
        unit: "short",
        queries: [
          { expr: scaler("desired_instances"), legend: "desired" },
          { expr: scaler("running_instances"), legend: "running" },
          { expr: scaler("ready_instances"), legend: "ready" },
          { expr: scaler("minimum_instances"), legend: "minimum" },
          { expr: scaler("maximum_instances"), legend: "maximum" },
        ],
      }),
      lines({
        title: "Load by target",
        description:
          "Measured load as a part of what the desired instances should bear: 1 is right.",
        unit: "short",
        queries: [
          {
            expr: `${scaler("metric_value")} / ${scaler("metric_target")} / on (stack, site) group_left ${scaler("desired_instances")}`,
            legend: "{{metric}}",
          },
        ],
      }),
      lines({
        title: "Decisions",
        description: "Changes of the desired number, and failing instances started anew, in 5 min.",
        unit: "short",
        queries: [
          { expr: `increase(${scaler("decisions_total")}[5m])`, legend: "{{direction}}" },
          { expr: `increase(${scaler("mends_total")}[5m])`, legend: "started anew" },
        ],
      }),
    ],
  };
}
