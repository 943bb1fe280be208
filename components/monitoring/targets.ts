import { SCRAPE_JOBS, type ScrapeJob } from "../../templates/targets.ts";
import { addressOf, aliasOf, type OnlineTier } from "../docker/addresses.ts";
import type { Placement } from "../docker/placement.ts";

/** One thing that Prometheus scrapes. */
export interface Target {
  readonly job: ScrapeJob;
  readonly address: string;
  /** Tier that is observed. */
  readonly component: string;
  /** Container that is observed. */
  readonly instance: string;
  /** Containers without which there is nothing to scrape, by alias. */
  readonly needs: readonly string[];
  /** @default the job's */
  readonly port?: number;
  /** @default the job's */
  readonly metricsPath?: string;
}

/**
 * What is scraped at a site: a pure function of the same settings that made the containers, so that a
 * new replica brings its targets.
 */
export function targetsOf({
  settings,
  subnet,
  site,
  peer,
}: Pick<Placement, "settings" | "subnet" | "site" | "peer">): Target[] {
  const target = (job: ScrapeJob, tier: OnlineTier, n?: number, at: OnlineTier = tier): Target => ({
    job,
    address: addressOf(subnet, at, n),
    component: tier,
    instance: aliasOf(tier, n),
    // PostgreSQL is asked by an exporter that serves all members.
    needs: [aliasOf(at, n), ...(job === "postgres" ? [aliasOf("postgres-exporter")] : [])],
  });
  const { instances, port, metricsPath } = settings.application;
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  return [
    ...upTo(settings.etcd.members).map((n) => target("etcd", "etcd", n)),
    ...upTo(settings.database.replicas + 1).flatMap((n) => [
      target("patroni", "postgres", n),
      target("postgres", "postgres", n),
    ]),
    ...upTo(settings.ports.pooler.length).map((n) =>
      target("pooler", "pooler", n, "pooler-exporter"),
    ),
    ...(metricsPath === "" ? [] : upTo(instances.max)).map((n) => ({
      ...target("app", "app", n),
      ...(port === SCRAPE_JOBS.app.port ? {} : { port }),
      ...(metricsPath === "/metrics" ? {} : { metricsPath }),
    })),
    target("router", "router"),
    target("edge", "edge"),
    target("backup", "backup"),
    target("guard", "guard"),
    target("autoscaler", "autoscaler"),
    ...(peer === undefined ? [] : [target("link", "link"), target("site-agent", "site-agent")]),
    target("status", "status"),
    target("postgres-exporter", "postgres-exporter"),
    {
      ...target("node", "node-exporter"),
      component: "host",
      // By its name in `hosts`: an exporter is on the same machine as what it stands beside.
      instance: settings.sites[site]?.host ?? site,
    },
    target("prometheus", "prometheus"),
    target("alertmanager", "alertmanager"),
    target("loki", "loki"),
    target("collector", "collector"),
    target("containers", "collector"),
    ...(settings.monitoring.grafana ? [target("grafana", "grafana")] : []),
    ...(settings.dns === undefined ? [] : [target("dns-sync", "dns-sync")]),
  ];
}
