/** What a failover may cost, as the standby has measured it. Pure. */
import { bytes, duration } from "../ui.ts";
import type { AgentStatus } from "./types.ts";

export interface Loss {
  /** The age of the newest transaction that the standby has; null where nobody knows. Seconds. */
  readonly seconds: number | null;
  /** WAL that the other site was ahead when it was last heard of; null where nobody knows. */
  readonly bytes: number | null;
}

export function lossOf({ lagSeconds, lagBytes }: AgentStatus): Loss {
  return { seconds: lagSeconds, bytes: lagBytes };
}

/** What a person reads before a failover. */
export function lossText(loss: Loss, to: string, other: string): string {
  const { seconds, bytes: size } = loss;
  const behind =
    size === null ? "" : `; when site ${other} was last heard of, ${bytes(size)} were missing`;
  return seconds === null
    ? `what may be lost is not known: site ${to} does not say how old its newest data is${behind}`
    : `what may be lost: what site ${other} took in the last ${duration(seconds)}, the age of site ${to}'s newest data${behind}`;
}
