/** The way from clients to the database: poolers, and the router for those with a pool of their own. */

import { HERE, INSTANCES, renderDashboard, type Section } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { lines, states } from "./panels.ts";
import { POOLER_UID } from "./uids.ts";

/** Renders pooler.json. Pure; the same at every site. */
export function renderPoolerDashboard(facts: DashboardFacts): string {
  return renderDashboard({
    title: "Holdfast: pooler and router",
    uid: POOLER_UID,
    description: "Do clients wait, are there connections left, and where do they lead?",
    instancesOf: "pgbouncer_up",
    sections: [clients(facts), servers(), work(), router()],
  });
}

/** Without PgBouncer's own database, which only the monitoring asks. */
const POOLS = `${INSTANCES}, database!="pgbouncer"`;
const BY_POOL = "{{instance}} {{database}}";
const sum = (metric: string): string =>
  `sum by (instance, database) (pgbouncer_pools_${metric}{${POOLS}})`;
const perSecond = (metric: string): string =>
  `sum by (instance, database) (rate(pgbouncer_stats_${metric}{${POOLS}}[$__rate_interval]))`;

function clients(facts: DashboardFacts): Section {
  return {
    title: "Clients",
    panels: [
      lines({
        title: "Served",
        description: "Clients that have a server connection.",
        unit: "short",
        queries: [{ expr: sum("client_active_connections"), legend: BY_POOL }],
        runbooks: ["PoolerDown"],
      }),
      lines({
        title: "Waiting",
        description: "Clients without a server connection: a handover, or too small a pool.",
        unit: "short",
        queries: [{ expr: sum("client_waiting_connections"), legend: BY_POOL }],
      }),
      lines({
        title: "Longest wait",
        description: "How long the first in the queue has been waiting. A handover ends sooner.",
        unit: "s",
        queries: [
          {
            expr: `max by (instance, database) (pgbouncer_pools_client_maxwait_seconds{${POOLS}})`,
            legend: BY_POOL,
          },
        ],
        steps: [{ color: "green" }, { color: "red", from: facts.handoverBoundSeconds }],
        runbooks: ["PoolerClientsWait"],
      }),
    ],
  };
}

function servers(): Section {
  return {
    title: "Server connections",
    panels: [
      lines({
        title: "Busy",
        description: "Server connections that a client uses.",
        unit: "short",
        queries: [{ expr: sum("server_active_connections"), legend: BY_POOL }],
      }),
      lines({
        title: "Part of the pool that is busy",
        description: "Busy server connections by pooler.poolSize. At 1 the next client waits.",
        unit: "percentunit",
        queries: [
          {
            expr: `${sum("server_active_connections")} / max by (instance, database) (label_replace(pgbouncer_databases_pool_size{${INSTANCES}, name!="pgbouncer"}, "database", "$1", "name", "(.*)"))`,
            legend: BY_POOL,
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 0.9 }],
      }),
      states({
        title: "Paused",
        description: "1 (orange) while a handover holds the pool: clients wait, and lose nothing.",
        unit: "short",
        queries: [
          {
            expr: `max by (instance, name) (pgbouncer_databases_paused{${INSTANCES}, name!="pgbouncer"})`,
            legend: "{{instance}} {{name}}",
          },
        ],
        steps: [{ color: "text" }, { color: "orange", from: 1 }],
      }),
    ],
  };
}

function work(): Section {
  return {
    title: "Work",
    panels: [
      lines({
        title: "Transactions",
        description: "Transactions per second.",
        unit: "ops",
        queries: [{ expr: perSecond("sql_transactions_pooled_total"), legend: BY_POOL }],
      }),
      lines({
        title: "Length of a transaction",
        description: "Time in a transaction, on average.",
        unit: "s",
        queries: [
          {
            expr: `${perSecond("server_in_transaction_seconds_total")} / (${perSecond("sql_transactions_pooled_total")} > 0)`,
            legend: BY_POOL,
          },
        ],
        steps: [{ color: "green" }, { color: "orange", from: 0.25 }],
        runbooks: ["TransactionsSlow"],
      }),
      lines({
        title: "Time spent waiting",
        description: "Seconds that clients waited for a server connection, per second.",
        unit: "percentunit",
        queries: [{ expr: perSecond("client_wait_seconds_total"), legend: BY_POOL }],
      }),
    ],
  };
}

function router(): Section {
  const here = `${HERE}, job="router"`;
  return {
    title: "Router: ports 5000 (leader) and 5001 (replicas), inside the network",
    panels: [
      lines({
        title: "Servers",
        description:
          "Members that the health checks offer: one leader, and the replicas near enough.",
        unit: "short",
        queries: [
          {
            expr: `haproxy_backend_active_servers{${here}, proxy=~"rw|ro"}`,
            legend: "{{proxy}}",
          },
        ],
        runbooks: ["RouterNoLeader", "RouterNoReplica"],
      }),
      lines({
        title: "Sessions",
        description: "Sessions that are open.",
        unit: "short",
        queries: [
          {
            expr: `haproxy_backend_current_sessions{${here}, proxy=~"rw|ro"}`,
            legend: "{{proxy}}",
          },
        ],
      }),
      states({
        title: "Where writes lead",
        description: "1 (blue) while the router sends writes to this member.",
        unit: "short",
        queries: [
          {
            expr: `max by (server) (haproxy_server_status{${here}, proxy="rw", state="UP"})`,
            legend: "{{server}}",
          },
        ],
        steps: [{ color: "text" }, { color: "blue", from: 1 }],
      }),
    ],
  };
}
