import { setTimeout as sleep } from "node:timers/promises";
import { activeSite } from "../cluster/leader.ts";
import { clusterMembers, type Member } from "../cluster/members.ts";
import { step } from "../ui.ts";
import type { RestoreRequest } from "./types.ts";

const LOOK_MS = 2_000;

/** The cluster after a restore. */
export interface Whole {
  readonly timeline: number;
  readonly count: number;
  readonly lacks: readonly string[];
}

/** Until every member streams, for as long as a member may take to be seeded. */
export async function whole(request: RestoreRequest): Promise<Whole> {
  const { settings, signal } = request;
  const expected = settings.database.replicas + 1;
  const end = Date.now() + settings.database.seedTimeoutSeconds * 1000;
  return step(`${expected} members stream`, "replicas clone the leader", async (progress) => {
    for (;;) {
      const { docker, containers } = await activeSite(settings);
      const members = await clusterMembers(docker, containers);
      const leader = members.find(({ role }) => role === "leader");
      const missing = lacking(members, expected);
      const result = { timeline: leader?.timeline ?? 0, count: members.length };
      if (missing.length === 0) {
        return { value: { ...result, lacks: [] } };
      }
      progress(missing.join("; "));
      if (Date.now() > end || signal?.aborted) {
        return { value: { ...result, lacks: missing }, title: "not every member streams" };
      }
      await sleep(LOOK_MS);
    }
  });
}

/** What keeps a cluster from being whole, in sentences. Pure. */
export function lacking(members: readonly Member[], expected: number): string[] {
  const leader = members.find(({ role }) => role === "leader");
  const found = members.flatMap(({ name, role, state, timeline }) => {
    if (role === "leader") {
      return state === "running" ? [] : [`${name} leads and is ${state}`];
    }
    if (state !== "streaming") {
      return [`${name} is ${state}`];
    }
    return timeline === leader?.timeline ? [] : [`${name} is on timeline ${timeline}`];
  });
  const few =
    members.length < expected ? [`${members.length} of ${expected} members are there`] : [];
  return [...(leader ? [] : ["nobody leads"]), ...found, ...few];
}

/** Who leads and works; undefined when nobody does. */
export async function leaderOf({ settings }: RestoreRequest): Promise<string | undefined> {
  const { docker, containers } = await activeSite(settings);
  const members = await clusterMembers(docker, containers);
  return members.find(({ role, state }) => role === "leader" && state === "running")?.name;
}
