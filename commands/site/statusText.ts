/** What `./holdfast site status` prints. Pure. */
import { alignedTable, bytes, duration } from "../ui.ts";
import { type Advice, adviceOf } from "./advice.ts";
import type { AgentStatus, Topology } from "./types.ts";
import { type View, witnessIn } from "./view.ts";

/** `--json` prints it. */
export interface SiteReport extends Omit<Advice, "active" | "next"> {
  readonly active: string | null;
  /** What to type next; null when nothing helps, or nothing is needed. */
  readonly next: string | null;
  /** Each site's own word, or why there is none. */
  readonly sites: Readonly<Record<string, AgentStatus | { readonly silent: string }>>;
}

export function reportOf(view: View, topology: Topology): SiteReport {
  const { healthy, active, says, next } = adviceOf(view, topology);
  const sites = [...view].map(([site, seen]) => {
    return [site, seen.answers ? seen.status : { silent: seen.why }] as const;
  });
  return {
    healthy,
    active: active ?? null,
    says,
    next: next ?? null,
    sites: Object.fromEntries(sites),
  };
}

export function statusText(view: View, topology: Topology): string {
  const report = reportOf(view, topology);
  return [
    alignedTable([SITES_HEAD, ...siteRows(report)]),
    ...(topology.witness ? [`  ${witnessLine(view)}`] : []),
    "",
    ...verdictLines(report).map((line) => `  ${line}`),
  ].join("\n");
}

export const SITES_HEAD = [
  ...["site", "role", "epoch", "leader"],
  ...["timeline", "at", "replicas", "behind"],
];

/** A row for each site, as SITES_HEAD has it. */
export function siteRows({ sites }: SiteReport): string[][] {
  return Object.entries(sites).map(([site, status]) =>
    rowOf(site, "silent" in status ? undefined : status),
  );
}

/** What is wrong, or that nothing is; and what to type next. */
export function verdictLines({ says, next, active }: SiteReport): string[] {
  const verdict =
    says.length === 0 ? [`site ${active} takes writes, the other one streams from it`] : says;
  return [...verdict, ...(next === null ? [] : [`next: ${next}`])];
}

function rowOf(site: string, status: AgentStatus | undefined): string[] {
  if (status === undefined) {
    return [site, "no answer", "-", "-", "-", "-", "-", "-"];
  }
  const { role, epoch, leader, timeline, lsn, replicas } = status;
  const known = epoch === 0 ? "?" : String(epoch);
  return [
    site,
    role,
    known,
    leader ?? "none",
    timeline === null ? "-" : String(timeline),
    lsn ?? "-",
    String(replicas),
    behind(status),
  ];
}

/** How far a standby is behind. */
function behind({ role, streaming, lagBytes, lagSeconds }: AgentStatus): string {
  if (role !== "standby") {
    return "-";
  }
  const size = lagBytes === null ? "?" : bytes(lagBytes);
  const age = lagSeconds === null ? "" : `, ${duration(lagSeconds)}`;
  return `${size}${age}${streaming ? "" : ", does not stream"}`;
}

function witnessLine(view: View): string {
  const witness = witnessIn(view);
  if (witness === undefined) {
    return "witness: answers neither site";
  }
  const { holder, epoch } = witness;
  const lease = holder === null ? "nobody holds the lease" : `site ${holder} holds the lease`;
  return `witness: ${lease}, epoch ${epoch ?? "unknown"}`;
}
