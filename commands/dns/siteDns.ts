import type { Settings } from "../../settings.ts";
import { Fault } from "../fault.ts";
import { certainName } from "../site/activeName.ts";
import { alignedTable, print } from "../ui.ts";
import { flipDns, flipText, type NameAnswer, parsed } from "./flip.ts";
import { type DockerAddresses, inSync } from "./syncs.ts";

/** What `--check` found; `--json` prints it with the site that it should be. */
export interface Check {
  readonly zone: string;
  /** The site that every answer points to; null when they differ, or one points to none. */
  readonly site: string | null;
  readonly answers: readonly NameAnswer[];
}

/**
 * `./holdfast site dns`: points the public names to the site that takes writes; with `--check` it says what
 * clients see, and fails when that is another one.
 */
export async function siteDns(
  settings: Settings,
  addresses: DockerAddresses,
  { check, json }: { readonly check: boolean; readonly json: boolean },
): Promise<number> {
  const { stack } = settings;
  if (settings.dns === undefined) {
    throw new Fault(
      `stack ${stack} has no public names`,
      `pulumi config set --path dns.zone example.org --stack ${stack}, then ./holdfast up; docs/dns.md`,
    );
  }
  const active = await certainName(settings, addresses);
  if (!check) {
    const flip = await flipDns(settings, active, addresses);
    print(json ? JSON.stringify(flip, null, 2) : flipText(settings, flip));
    return flip?.verified ? 0 : 1;
  }
  const found = parsed<Check>(await inSync({ settings, addresses }, active, ["check"]));
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
