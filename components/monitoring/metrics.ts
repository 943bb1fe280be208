import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Extension } from "../../templates/extension.ts";
import { NO_TARGETS, renderPrometheusYml } from "../../templates/prometheus.yml.ts";
import { renderPrometheusRules } from "../../templates/prometheus-rules.ts";
import { foreignTargetPath, renderTarget, targetPath } from "../../templates/targets.ts";
import { addressOf } from "../docker/addresses.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { physicalName } from "../docker/placement.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";
import { ruleFactsOf } from "./ruleFacts.ts";
import { targetsOf } from "./targets.ts";

export interface MetricsArgs extends TierArgs {
  /** Targets and rules from outside of this repository. */
  readonly extension: Extension;
}

/** A check of targets by the tool that will read them: file_sd goes by the file's ending. */
const CHECK_TARGETS =
  "cp \"$FILE\" /tmp/t.json && printf 'scrape_configs: [{job_name: other, file_sd_configs: [{files: [/tmp/t.json]}]}]' > /tmp/p.yml && promtool check config /tmp/p.yml";

/**
 * Prometheus: scrapes every part and evaluates the alerts. Its targets are live files, one for each
 * container, so that scaling adds and removes files and touches nothing else (M13).
 */
export class Metrics extends pulumi.ComponentResource {
  constructor(name: string, args: MetricsArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:monitoring:Metrics", name, {}, opts);
    const { placement } = args;
    const { monitoring, ports } = placement.settings;
    const live = volume(
      placement,
      "prometheus-config",
      { component: "prometheus", precious: false },
      { parent: this },
    );
    const data = volume(
      placement,
      "prometheus-data",
      { component: "prometheus", precious: true },
      { parent: this },
    );
    const files = this.declareConfig(args, live);
    container(
      placement,
      {
        tier: "prometheus",
        image: placement.images.prometheus,
        command: [
          "--config.file=/etc/holdfast/live/prometheus.yml",
          "--storage.tsdb.path=/prometheus",
          `--storage.tsdb.retention.time=${monitoring.retention}`,
          "--web.enable-lifecycle",
        ],
        health: {
          command: ["promtool", "check", "ready"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          retries: 6,
          startPeriodSeconds: 30,
        },
        memoryMiB: monitoring.memoryMiB,
        volumes: [
          { volume: live, path: "/etc/holdfast/live", readOnly: true },
          { volume: data, path: "/prometheus" },
        ],
        ports: [{ internal: 9090, external: ports.prometheus }],
        stopSeconds: 30,
      },
      { parent: this, dependsOn: files },
    );
    this.declareTargets(args, live);
    this.declareExtension(args, live);
    this.registerOutputs({});
  }

  private declareConfig({ placement }: TierArgs, live: docker.Volume): pulumi.Resource[] {
    const { settings, subnet, site } = placement;
    const { monitoring } = settings;
    const reload = reloadOf(placement);
    const image = placement.images.prometheus;
    return [
      liveFile(placement, "no-targets", { volume: live, image, ...NO_TARGETS }, { parent: this }),
      liveFile(
        placement,
        "prometheus.yml",
        {
          volume: live,
          path: "prometheus.yml",
          content: renderPrometheusYml({
            stack: settings.stack,
            site,
            scrapeIntervalSeconds: monitoring.scrapeIntervalSeconds,
            alertmanagerAddress: addressOf(subnet, "alertmanager"),
            postgresExporterAddress: addressOf(subnet, "postgres-exporter"),
            optional: settings.dns === undefined ? [] : ["dns-sync"],
            ...(placement.peer === undefined ? {} : { sites: true }),
          }),
          image,
          // The rules have a file and a check of their own.
          validate: 'promtool check config --syntax-only "$FILE"',
          reload,
        },
        { parent: this },
      ),
      liveFile(
        placement,
        "prometheus-rules",
        {
          volume: live,
          path: "rules/holdfast.yml",
          content: renderPrometheusRules(ruleFactsOf(settings)),
          image,
          validate: 'promtool check rules "$FILE"',
          reload,
        },
        { parent: this },
      ),
    ];
  }

  /** What the user adds: checked by promtool first, and gone when it is taken out of the folder. */
  private declareExtension({ placement, extension }: MetricsArgs, live: docker.Volume): void {
    const common = { volume: live, image: placement.images.prometheus, removeWithResource: true };
    for (const { name, text } of extension.rules) {
      liveFile(
        placement,
        `extension-rules-${name}`,
        {
          ...common,
          path: `rules/extension-${name}.yml`,
          content: text,
          validate: 'promtool check rules "$FILE"',
          reload: reloadOf(placement),
        },
        { parent: this },
      );
    }
    for (const { name, text } of extension.targets) {
      liveFile(
        placement,
        `extension-targets-${name}`,
        { ...common, path: foreignTargetPath(name), content: text, validate: CHECK_TARGETS },
        { parent: this },
      );
    }
  }

  /**
   * A target's file comes when what it observes has been healthy once: while a first `up` still builds
   * images nobody is told that PostgreSQL is down. From then on silence is a fault, whatever happens.
   */
  private declareTargets({ placement }: TierArgs, live: docker.Volume): void {
    const { settings, site, declared } = placement;
    for (const { component, instance, needs, ...where } of targetsOf(placement)) {
      const { job } = where;
      liveFile(
        placement,
        `target-${job}-${instance}`,
        {
          volume: live,
          path: targetPath(job, instance),
          content: renderTarget({
            ...where,
            labels: { stack: settings.stack, site, component, instance },
          }),
          image: placement.images.prometheus,
          // Prometheus watches the folder; a target that is gone must not be scraped for ever.
          removeWithResource: true,
          after: needs.map((alias) => observed(declared, alias)),
        },
        { parent: this },
      );
    }
  }
}

function reloadOf({ settings, site }: TierArgs["placement"]) {
  return {
    anyOf: [physicalName(settings, `${site}-prometheus`)],
    command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
  };
}

/** @throws Error when nothing of that name was declared: its target would be down for ever */
function observed(
  declared: ReadonlyMap<string, docker.Container>,
  alias: string,
): docker.Container {
  const found = declared.get(alias);
  if (found === undefined) {
    throw new Error(`there is no container ${alias} to scrape`);
  }
  return found;
}
