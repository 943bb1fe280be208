/** Whether the number of instances follows the traffic, and whether each of them does its work. */

import { type AlertRule, CLUSTER, containerName, launcher, MINUTE } from "./rule.ts";

const AUTOSCALER = "holdfast_autoscaler";

export function scalingRules(): AlertRule[] {
  return [
    {
      alert: "AutoscalerDown",
      expr: `up{job="autoscaler"} == 0 or time() - ${AUTOSCALER}_last_look_timestamp_seconds > 30`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "The autoscaler of site {{ $labels.site }} does not look at the traffic",
      action: `The instances that run go on; none is added, and one that hangs stays so. docker logs ${containerName("autoscaler")} says why.`,
    },
    {
      alert: "AutoscalerHolds",
      // A failover or an update is over sooner.
      expr: `${AUTOSCALER}_holding == 1`,
      forSeconds: 5 * MINUTE,
      severity: "warning",
      summary: "The autoscaler has held the number of instances for five minutes",
      action: `${launcher("scale")} says what it lacks: the edge, Docker, etcd, or a leader of the database.`,
    },
    {
      alert: "InstancesAtMaximum",
      // More are asked for than may run, and requests wait.
      expr: `${AUTOSCALER}_limited_by{reason="maximum"} == 1 and on (${CLUSTER}) haproxy_backend_current_queue{job="edge", proxy="app"} > 0`,
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary: "All instances run, and requests wait: the traffic asks for more",
      action:
        "Raise application.instances.max, where the host has room; else the pages need less work.",
    },
    {
      alert: "InstanceFailing",
      // Beyond what a restart mends.
      expr: `${AUTOSCALER}_failing_instances > 0`,
      forSeconds: 2 * MINUTE,
      severity: "warning",
      summary: "{{ $value }} application instances run and get no traffic",
      action: `${launcher("scale")} names them; their log says why. Starting them anew has not helped.`,
    },
    {
      alert: "InstancesFailTogether",
      expr: `${AUTOSCALER}_mending_held == 1`,
      forSeconds: 30,
      severity: "critical",
      summary: "All application instances fail at once: none is started anew",
      action: `What they need is away: ${launcher("status")} shows database and poolers, GET /healthz of an instance says which part is missing.`,
    },
    {
      alert: "InstanceRemoved",
      expr: `${AUTOSCALER}_missing_instances > 0 unless on (${CLUSTER}) ${AUTOSCALER}_deploying == 1`,
      forSeconds: MINUTE,
      severity: "warning",
      summary: "{{ $value }} declared application instances have no container",
      action: `${launcher("up")} makes them again.`,
    },
  ];
}
