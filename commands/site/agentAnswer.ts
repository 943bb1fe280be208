/** What `holdfast-site` prints, as the commands read it. Pure. */
import type { AgentStatus, Demoted, Role, WitnessView } from "./types.ts";

const ROLES: readonly Role[] = ["active", "standby", "unconfirmed", "draining"];

/** Any JSON object. */
export type Answer = Readonly<Record<string, unknown>>;

/** One JSON document; undefined for anything else. */
export function documentIn(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Error for an answer that is no status of that site */
export function statusIn(answer: Answer, site: string): AgentStatus {
  const role = ROLES.find((one) => one === answer.role);
  if (answer.site !== site || role === undefined || typeof answer.epoch !== "number") {
    throw new Error(`not a status of site ${site}: ${JSON.stringify(answer).slice(0, 200)}`);
  }
  return {
    site,
    role,
    epoch: answer.epoch,
    active: textOf(answer.active),
    leader: textOf(answer.leader),
    timeline: numberOf(answer.timeline) || null,
    lsn: textOf(answer.lsn),
    streaming: answer.streaming === true,
    lagBytes: numberOf(answer.lagBytes),
    lagSeconds: numberOf(answer.lagSeconds),
    witness: witnessIn(answer.witness),
    replicas: numberOf(answer.replicas) ?? 0,
    writes: answer.writes === undefined ? role === "active" : answer.writes === true,
  };
}

/** An epoch of 0 is one that the witness does not know. */
function witnessIn(value: unknown): WitnessView | null {
  if (typeof value !== "object" || value === null) {
    return null;
  }
  const { reachable, holder, epoch } = value as Answer;
  return {
    reachable: reachable === true,
    holder: textOf(holder),
    epoch: numberOf(epoch) || null,
  };
}

/** How a site became a standby; what it does not say was the hardest way. */
export function methodIn(answer: Answer): Demoted["method"] {
  const { method } = answer;
  return method === "follow" || method === "rewind" ? method : "clone";
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
