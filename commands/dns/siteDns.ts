import { Fault } from "../fault.ts";
import type { GlobalOptions } from "../options.ts";
import { loadStack } from "../stack.ts";
import { alignedTable, print } from "../ui.ts";
import { activeByAgents } from "./active.ts";
import { flipDns, flipText, type NameAnswer, parsed } from "./flip.ts";
import { inSync } from "./syncs.ts";

export interface SiteDnsOptions extends GlobalOptions {
  /** The verb of `./holdfast site`, first. */
  readonly args: readonly string[];
  /** Only ask what clients see. */
  readonly check: boolean;
}

/** What `--check` found; `--json` prints it with the site that it should be. */
export interface Check {
  readonly zone: string;
  /** The site that every answer points to; null when they differ, or one points to none. */
  readonly site: string | null;
  readonly answers: readonly NameAnswer[];
}

/** `./holdfast site <verb>`. */
export async function site(options: SiteDnsOptions): Promise<number> {
  const [verb] = options.args;
  if (verb === "dns") return siteDns(options);
  throw new Fault(
    `there is no ./holdfast site ${verb}`,
    "./holdfast site --help lists what there is",
  );
}

/**
 * `./holdfast site dns`: points the public names to the site that takes writes; with `--check` it says what
 * clients see, and fails when that is another one.
 */
export async function siteDns({
  stack,
  check,
  json,
}: Omit<SiteDnsOptions, "args">): Promise<number> {
  const { settings } = loadStack(stack);
  if (settings.dns === undefined) {
    throw new Fault(
      `stack ${stack} has no public names`,
      `pulumi config set --path dns.zone example.org --stack ${stack}, then ./holdfast up; docs/dns.md`,
    );
  }
  const active = await activeByAgents(settings);
  if (!check) {
    const flip = await flipDns(settings, active);
    print(json ? JSON.stringify(flip, null, 2) : flipText(settings, flip));
    return flip?.verified ? 0 : 1;
  }
  const found = parsed<Check>(await inSync(settings, active, ["check"]));
  print(json ? JSON.stringify({ active, ...found }, null, 2) : checkText(active, found));
  return found.site === active ? 0 : 1;
}

/** What a person reads of a check. Pure. */
export function checkText(active: string, { site, answers }: Check): string {
  const rows = answers.map((answer) => [
    answer.name.replace(/\.$/, ""),
    answer.addresses.join(" ") || answer.status,
    answer.ttl === null ? "" : `${answer.ttl} s`,
    answer.site === null ? "no site" : `site ${answer.site}`,
    `asked ${answer.server}`,
  ]);
  const verdict =
    site === active
      ? `  the names point to site ${active}, which takes writes`
      : `  FAULT: site ${active} takes writes, and the names do not all point there: ./holdfast site dns`;
  return `${alignedTable(rows)}\n${verdict}`;
}
