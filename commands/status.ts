import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../settings.ts";
import { type Backup, newestBackups } from "./cluster/backups.ts";
import { type AtSite, inspectStack, isHealthy, type StackStatus } from "./cluster/inspect.ts";
import { ago, repositoryLines } from "./cluster/repositories.ts";
import type { LastDrills } from "./drills/last.ts";
import { describeFault } from "./fault.ts";
import type { GlobalOptions } from "./options.ts";
import { scalingLine } from "./scale.ts";
import { coloured, Screen, showsColour } from "./screen.ts";
import { SITES_HEAD, type SiteReport, siteRows, verdictLines } from "./site/statusText.ts";
import { loadStack } from "./stack.ts";
import { alignedBlock, alignedTable, bytes, note, print } from "./ui.ts";

export interface StatusOptions extends GlobalOptions {
  readonly watch: boolean;
}

const WATCH_MS = 2_000;

/** One look at the stack, or one every 2 s; works when half of it is down. Exit code 0 only when all is healthy. */
export async function status({ stack: name, json, watch }: StatusOptions): Promise<number> {
  const { settings } = loadStack(name);
  if (watch) {
    return keepLooking(name, settings, json);
  }
  const found = await inspectStack(settings);
  const healthy = isHealthy(found);
  const text = json ? JSON.stringify(found, null, 2) : statusText(name, found);
  print(showsColour(process.stdout) && !json ? coloured(text) : text);
  if (!healthy && !json) {
    note(`holdfast: stack ${name} is not healthy`);
  }
  return healthy ? 0 : 1;
}

/** Until Ctrl-C. A look that fails is shown as that: whoever watches wants to see the end of it. */
async function keepLooking(name: string, settings: Settings, json: boolean): Promise<never> {
  const screen = process.stdout.isTTY && !json ? new Screen(process.stdout) : undefined;
  // Ahead of the handler that says what was interrupted: nothing is.
  process.prependListener("SIGINT", () => process.exit(130));
  for (;;) {
    const text = await inspectStack(settings).then(
      (found) => (json ? JSON.stringify(found) : statusText(name, found)),
      (error) => (json ? JSON.stringify({ error: String(error) }) : describeFault(error)),
    );
    if (screen) {
      screen.show(`${heading(name, new Date())}\n\n${text}`);
    } else {
      print(text);
    }
    await sleep(WATCH_MS);
  }
}

function heading(name: string, now: Date): string {
  const time = now.toISOString().slice(11, 19);
  return `stack ${name}, ${time} UTC, every ${WATCH_MS / 1000} s; Ctrl-C ends`;
}

/** The table that people read; of several sites each line says its own. Pure. */
export function statusText(name: string, found: StackStatus, now = new Date()): string {
  const { members, instances, services, backups, alerts, endpoints, drills, sites } = found;
  const silent = found.silent ?? [];
  if (members.length + instances.length + services.length + silent.length === 0) {
    return `stack ${name}: nothing runs here\n  ./holdfast up --stack ${name}`;
  }
  const blank = (value: unknown) => (value === null || value === undefined ? "-" : String(value));
  const at = ({ site }: AtSite, ...cells: string[]) =>
    site === undefined ? cells : [site, ...cells];
  const head = (...cells: string[]) => (sites === undefined ? cells : ["site", ...cells]);
  const names = sites === undefined ? [undefined] : Object.keys(sites.sites);
  const ofEach = <T extends AtSite, R>(all: readonly T[], pick: (own: readonly T[]) => R[]): R[] =>
    names.flatMap((name) => pick(all.filter(({ site }) => site === name)));
  const saying = (site: string | undefined, line: string) =>
    site === undefined ? line : `site ${site}: ${line}`;
  const sections: [string, string[], string[][], string[]?][] = [
    ...(sites ? [sitesSection(sites)] : []),
    [
      "database",
      head("member", "role", "state", "timeline", "lag"),
      members.map((member) => {
        const { name, role, state, timeline, lagBytes, leaves } = member;
        const does = leaves ? `${role}, leaves` : role;
        const lag = lagBytes === null ? "-" : bytes(lagBytes);
        return at(member, name, does, state, blank(timeline), lag);
      }),
    ],
    [
      "application",
      head("instance", "state"),
      instances.map((instance) => at(instance, instance.name, instance.state)),
      found.scaling ? [saying(sites?.active ?? undefined, scalingLine(found.scaling))] : [],
    ],
    [
      "services",
      head("service", "state"),
      services.map((service) => at(service, service.name, service.state)),
    ],
    [
      "backups",
      head("repository", "kind", "newest", "stop", "bytes", "proven"),
      ofEach(backups, newestBackups).map((backup) => at(backup, ...backupRow(backup, now))),
      ofEach(found.repositories ?? [], (own) =>
        repositoryLines(own, now).map((line) => saying(own[0]?.site, line)),
      ),
    ],
    [
      "alerts",
      head("alert", "severity", "since", "what"),
      alerts.map((alert) => {
        return at(alert, alert.name, alert.severity, alert.since, alert.summary);
      }),
    ],
  ];
  if (drills) {
    const head = ["last run", "passed", "missed", "skipped", "longest write gap"];
    sections.push(["drills", head, [drillRow(drills)]]);
  }
  const orphans = found.orphans ?? [];
  if (orphans.length > 0) {
    // A sole site's volumes say its name, too, and nobody wants to read it.
    const rows = orphans.map(({ site, volume, member }) =>
      at(sites ? { site } : {}, volume, member),
    );
    const below = [`./holdfast volumes says how they are removed`];
    sections.push(["volumes of members that left", head("volume", "left by"), rows, below]);
  }
  const tables = sections.flatMap(([title, head, rows, below = []]) => {
    const body = rows.length > 0 ? alignedTable([head, ...rows]) : "  none";
    return [title, body, ...below.map((line) => `  ${line}`), ""];
  });
  const unseen = silent.length > 0 ? [...silent, ""] : [];
  const rows = Object.entries(endpoints).map(([key, value]) => [key, value] as const);
  return [...unseen, ...tables, "endpoints", alignedBlock(rows)].join("\n");
}

function sitesSection(sites: SiteReport): [string, string[], string[][], string[]] {
  return ["sites", SITES_HEAD, siteRows(sites), verdictLines(sites)];
}

function backupRow(backup: Backup, now: Date): string[] {
  const { repository, kind, label, stop, bytes: size, provenAt, damaged } = backup;
  const proven = provenAt === null ? "-" : ago(provenAt, now);
  const row = [repository, kind, label, stop ?? "unreadable", size === null ? "-" : bytes(size)];
  return [...row, damaged ? "DAMAGED" : proven];
}

function drillRow({ at, passed, missed, skipped, writeGapSeconds, failed }: LastDrills): string[] {
  const names = failed.length > 0 ? `${missed} (${failed.join(", ")})` : String(missed);
  const gap = writeGapSeconds === null ? "-" : `${writeGapSeconds.toFixed(1)} s`;
  return [at, String(passed), names, String(skipped), gap];
}
