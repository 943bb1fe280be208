import type { Settings } from "../../settings.ts";
import { Fault } from "../fault.ts";
import { type DockerAddresses, inSync } from "./syncs.ts";

/** What one name server said to one public name. */
export interface NameAnswer {
  readonly service: "app" | "database";
  /** The whole name, with the dot at its end. */
  readonly name: string;
  readonly server: string;
  /** DNS' own word, or `silent`. */
  readonly status: string;
  readonly addresses: readonly string[];
  /** Seconds; null without an address. */
  readonly ttl: number | null;
  /** Whose addresses these are; null: nobody's. */
  readonly site: string | null;
}

/** What pointing the names to a site came to. */
export interface Flip {
  readonly zone: string;
  readonly site: string;
  /** Records that were changed; 0 when they were right. */
  readonly changes: number;
  /** Whether every server that was asked answers with the site now. */
  readonly verified: boolean;
  /** octoDNS' part. */
  readonly updateSeconds: number;
  /** Until the servers answered so, or nobody waited any longer. */
  readonly seconds: number;
  readonly answers: readonly NameAnswer[];
}

/**
 * Points the public names to a site. It may be repeated, and needs neither Pulumi's state nor the other site.
 *
 * @param addresses Docker's address for each site
 * @returns undefined for a stack without public names
 * @throws Fault when the names could not be changed
 */
export async function flipDns(
  settings: Settings,
  site: string,
  addresses: DockerAddresses,
): Promise<Flip | undefined> {
  if (settings.dns === undefined) return undefined;
  return parsed<Flip>(await inSync({ settings, addresses }, site, ["flip", site]));
}

/** The same as one line for a person, as `site` commands want it. @throws Fault */
export async function flipNames(
  settings: Settings,
  site: string,
  addresses: DockerAddresses,
): Promise<string> {
  return flipText(settings, await flipDns(settings, site, addresses));
}

/** What a person reads of a flip. Pure. */
export function flipText({ dns }: Settings, flip: Flip | undefined): string {
  if (flip === undefined || dns === undefined) {
    return "no public names: dns.zone is not set";
  }
  const names = [...new Set(flip.answers.map(({ name }) => name.replace(/\.$/, "")))].join(", ");
  if (flip.changes === 0 && flip.verified) {
    return `DNS led to site ${flip.site} already: ${names}`;
  }
  const keep = `clients may keep the old answer for ${dns.ttlSeconds} s`;
  const late = flip.verified
    ? ""
    : "; not every name server answers so yet: ./holdfast site dns --check";
  return `DNS leads to site ${flip.site}: ${names}; ${keep}${late}`;
}

/** A document of `holdfast-dns`. @throws Fault with its own words */
export function parsed<T>({ sync, code, stdout, stderr }: Awaited<ReturnType<typeof inSync>>): T {
  let document: unknown;
  try {
    document = JSON.parse(stdout);
  } catch {
    throw new Fault(
      `${sync.container} does not say what became of it: ${(stderr || stdout).trim().split("\n").at(-1)}`,
      `docker logs ${sync.container}`,
    );
  }
  if (code !== 0) {
    const { error, next } = document as { error?: string; next?: string };
    throw new Fault(`DNS: ${error}`, ...(next === undefined ? [] : [next]));
  }
  return document as T;
}
