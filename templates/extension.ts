/**
 * What is added from outside of this repository: scrape targets, rules, dashboards, log sources. Checked
 * here as far as a pure function can; promtool checks rules and targets before they take effect.
 */

import { parse } from "yaml";
import { OWN_RECEIVERS } from "./collector/sources.ts";
import { type DashboardJson, faultsOf } from "./dashboards/lint.ts";
import * as uids from "./dashboards/uids.ts";
import { LOKI_UID, PROMETHEUS_UID } from "./grafana/datasource.yml.ts";

/** The subfolders, each of one kind. */
export const KINDS = ["targets", "rules", "dashboards", "logs"] as const;
export type Kind = (typeof KINDS)[number];

/** One file of a user's, as it will be put in place. */
export interface ExtensionFile {
  /** Without folder and ending, e.g. `queue`: part of resource names. */
  readonly name: string;
  readonly text: string;
}

export type Extension = Readonly<Record<Kind, readonly ExtensionFile[]>>;

/** Facts that {@link checkExtension} needs. */
export interface ExtensionFacts {
  readonly stack: string;
  readonly site: string;
  /** Whether there is a log collector to hand `logs/` to. */
  readonly collector: boolean;
}

const ENDINGS: Readonly<Record<Kind, RegExp>> = {
  targets: /\.(json|ya?ml)$/,
  rules: /\.ya?ml$/,
  dashboards: /\.json$/,
  logs: /\.ya?ml$/,
};
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Says what is wrong with a file. */
class Wrong extends Error {}

/**
 * The files that may be used, and every fault of the others, each by its path. Pure.
 *
 * @param texts path below the folder, e.g. `rules/queue.yml` → text
 */
export function checkExtension(
  texts: Readonly<Record<string, string>>,
  facts: ExtensionFacts,
): { extension: Extension; faults: string[] } {
  const extension: Record<Kind, ExtensionFile[]> = {
    targets: [],
    rules: [],
    dashboards: [],
    logs: [],
  };
  const faults: string[] = [];
  for (const [path, text] of Object.entries(texts)) {
    const [kind, file = ""] = path.split("/") as [Kind, string];
    try {
      const name = nameOf(kind, file, extension[kind]);
      extension[kind].push({ name, text: checked(kind, text, facts, extension) });
    } catch (error) {
      // A parser's message goes on over several lines: the first says where.
      const [what] = String(error instanceof Error ? error.message : error).split("\n");
      faults.push(`${path}: ${what}`);
    }
  }
  return { extension, faults };
}

function nameOf(kind: Kind, file: string, taken: readonly ExtensionFile[]): string {
  const name = file.replace(ENDINGS[kind], "");
  if (name === file) {
    throw new Wrong(`ends in none of ${ENDINGS[kind].source.replaceAll(/[\\$]/g, "")}`);
  }
  if (!NAME.test(name)) {
    throw new Wrong("the name has to be of lower case letters, digits and -, 40 at most");
  }
  if (taken.some((other) => other.name === name)) {
    throw new Wrong("there is another file of that name with another ending");
  }
  return name;
}

function checked(kind: Kind, text: string, facts: ExtensionFacts, others: Extension): string {
  switch (kind) {
    case "targets":
      return targetsText(parse(text), facts);
    case "rules":
      return rulesText(text);
    case "dashboards":
      return dashboardText(text, others.dashboards);
    case "logs":
      return logsText(text, facts, others.logs);
  }
}

/** As Prometheus' file_sd wants it, with the labels that our dashboards and alerts go by. */
function targetsText(groups: unknown, { stack, site }: ExtensionFacts): string {
  if (!Array.isArray(groups) || groups.length === 0) {
    throw new Wrong("has to be a list of {targets, labels}, as for Prometheus' file_sd");
  }
  const complete = groups.map((group: unknown, index) => {
    const { targets, labels = {} } = (isMap(group) ? group : {}) as Record<string, unknown>;
    if (!Array.isArray(targets) || !targets.every((target) => typeof target === "string")) {
      throw new Wrong(`entry ${index + 1}: targets has to be a list of host:port`);
    }
    if (!isMap(labels) || typeof labels.job !== "string" || labels.job === "") {
      throw new Wrong(`entry ${index + 1}: labels.job is missing: it names the tool`);
    }
    const { job } = labels;
    return { targets, labels: { stack, site, component: job, ...labels } };
  });
  return `${JSON.stringify(complete, undefined, 2)}\n`;
}

function rulesText(text: string): string {
  const file: unknown = parse(text);
  const groups = isMap(file) ? file.groups : undefined;
  if (!Array.isArray(groups)) {
    throw new Wrong("has to have groups, as a rule file of Prometheus");
  }
  for (const group of groups) {
    if (String(isMap(group) ? group.name : "").startsWith("holdfast-")) {
      throw new Wrong("names of groups that begin with holdfast- are ours");
    }
  }
  return text;
}

function dashboardText(text: string, others: readonly ExtensionFile[]): string {
  const dashboard = JSON.parse(text) as DashboardJson;
  if (dashboard.uid?.startsWith("holdfast-") === true) {
    throw new Wrong("uids that begin with holdfast- are ours");
  }
  const known = [
    ...Object.values(uids),
    ...others.map((other) => (JSON.parse(other.text) as DashboardJson).uid ?? ""),
  ];
  const faults = faultsOf(dashboard, {
    datasources: [PROMETHEUS_UID, LOKI_UID],
    uids: [...known, dashboard.uid ?? ""],
  });
  if (faults.length > 0) {
    throw new Wrong(faults.join("; "));
  }
  return text;
}

/** A map of OpenTelemetry receivers, each to be a source of log lines. */
function logsText(
  text: string,
  { collector }: ExtensionFacts,
  others: readonly ExtensionFile[],
): string {
  const receivers: unknown = parse(text);
  if (!isMap(receivers) || Object.keys(receivers).length === 0) {
    throw new Wrong("has to be a map of OpenTelemetry receivers, e.g. filelog/queue: {...}");
  }
  if (!collector) {
    throw new Wrong("there is no log collector in this environment");
  }
  const taken = [...OWN_RECEIVERS, ...others.flatMap((other) => Object.keys(parse(other.text)))];
  const twice = Object.keys(receivers).find((name) => taken.includes(name));
  if (twice !== undefined) {
    throw new Wrong(`${twice} is another receiver's name; give it one of its own: type/name`);
  }
  return text;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
