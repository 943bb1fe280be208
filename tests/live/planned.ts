/** What a stack did during an update, to hold it against what the plan said. */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Docker } from "../../commands/docker.ts";
import { lengthOf, writeGap } from "../../commands/drills/gaps.ts";
import { checkLedger } from "../../commands/drills/ledger.ts";
import { Load } from "../../commands/drills/load.ts";
import type { LoadRecord, Verdict } from "../../commands/drills/types.ts";
import type { Effect, Plan } from "../../commands/plan/types.ts";
import { readPulumiFiles, readRecord } from "../../settings/sources.ts";
import type { Tree } from "../../settings/tree.ts";
import { parseSettings, type Settings } from "../../settings.ts";
import { type LiveStack, must } from "./stack.ts";

/** `preview --json`. */
export type PrintedPlan = Plan & { readonly refused: readonly string[] };

/** What an update did. */
export interface Happened {
  /** Containers by alias: another id, or another start of the same one. */
  readonly replaced: readonly string[];
  readonly restarted: readonly string[];
  readonly made: readonly string[];
  readonly removed: readonly string[];
  /** Members whose PostgreSQL was started anew in the same container. */
  readonly postgresRestarted: readonly string[];
  /** By the timelines: each promotion begins one. */
  readonly handovers: number;
  readonly record: LoadRecord;
  readonly verdicts: readonly Verdict[];
  readonly writeGapSeconds: number | undefined;
}

interface Look {
  readonly containers: Readonly<Record<string, string>>;
  readonly starts: Readonly<Record<string, string>>;
  readonly timeline: number;
}

async function look(stack: LiveStack): Promise<Look> {
  const members = await stack.members();
  const starts: Record<string, string> = {};
  for (const { name } of members) {
    starts[name] = await stack.sql(name, "SELECT pg_postmaster_start_time()");
  }
  const timeline = Math.max(...members.map((member) => member.timeline));
  return { containers: await stack.settled(), starts, timeline };
}

function settingsOf(stack: LiveStack): Settings {
  const { project, config, secrets } = readPulumiFiles(stack.folder, stack.name);
  const record = readRecord(stack.folder, stack.name) as Tree | undefined;
  return parseSettings({ stack: stack.name, project, config, secrets, record: record ?? {} });
}

/** Runs an update under the drills' load, and says what it did. */
export async function observe(
  stack: LiveStack,
  databaseUrl: string,
  update: () => Promise<unknown>,
): Promise<Happened> {
  const settings = settingsOf(stack);
  const [host] = Object.values(settings.hosts);
  const docker = new Docker(host?.docker ?? "");
  const id = await must("docker", [
    ...["inspect", "-f", '{{index .Config.Labels "holdfast.id"}}'],
    stack.container("postgres-1"),
  ]);
  const leader = async () => stack.container(await stack.leader());
  // Apart: the update removes containers with the stack's id that its state does not know.
  const place = {
    docker,
    settings,
    site: "a",
    stackId: id.trim(),
    leader,
    databaseUrl,
    apart: true,
  };
  const before = await look(stack);
  // The shop has tests of its own; whoever deploys it meanwhile has other questions.
  const load = await Load.start(place, { pages: 0, orders: 0 });
  try {
    await update();
    const record = await load.stop();
    const after = await look(stack);
    const rows = await Promise.all(
      Object.keys(after.starts).map(async (name) => ({
        name,
        rows: await load.rows(stack.container(name)),
      })),
    );
    return {
      ...compared(before, after),
      record,
      verdicts: rows.map((member) => checkLedger(record.writes, member.name, member.rows)),
      writeGapSeconds: lengthOf(writeGap(record)),
    };
  } finally {
    await load.kill();
    await Load.clean(place);
  }
}

function compared(before: Look, after: Look) {
  const [old, fresh] = [before.containers, after.containers];
  const idOf = (text: string | undefined) => text?.split(" ")[0];
  const both = Object.keys(old).filter((alias) => alias in fresh);
  const replaced = both.filter((alias) => idOf(old[alias]) !== idOf(fresh[alias]));
  const kept = both.filter((alias) => !replaced.includes(alias));
  return {
    replaced: replaced.sort(),
    restarted: kept.filter((alias) => old[alias] !== fresh[alias]).sort(),
    made: Object.keys(fresh)
      .filter((alias) => !(alias in old))
      .sort(),
    removed: Object.keys(old)
      .filter((alias) => !(alias in fresh))
      .sort(),
    postgresRestarted: Object.keys(before.starts)
      .filter((name) => kept.includes(name) && before.starts[name] !== after.starts[name])
      .sort(),
    handovers: after.timeline - before.timeline,
  };
}

/** Aliases of the nodes with an effect, e.g. `postgres-1`. */
export function nodesWith(plan: Plan, ...effects: readonly Effect[]): string[] {
  return plan.nodes
    .filter(({ effect }) => effects.includes(effect))
    .map(({ node }) => node.replace(/^a-/, ""))
    .sort();
}

const REPORT = process.env.HOLDFAST_PLAN_REPORT;

/** A line for people: what was said beside what was measured; kept as a file where one is asked for. */
export function report(change: string, plan: Plan, happened: Happened): void {
  const said = plan.stalls.map(({ moment, times, measured }) => {
    const figure =
      measured === undefined
        ? "not measured"
        : `${measured.medianSeconds.toFixed(2)} s, at most ${measured.maxSeconds.toFixed(2)} s (n = ${measured.n})`;
    return `${times.join(" to ")} × ${moment}: ${figure}`;
  });
  const acknowledged = happened.record.writes.filter(({ outcome }) => outcome === "acknowledged");
  const line = `${change}: handovers said ${plan.handovers.join(" to ")}, were ${happened.handovers}; write gap ${happened.writeGapSeconds?.toFixed(2)} s, said: ${said.join("; ") || "none"}; ${acknowledged.length} writes acknowledged, 0 failed`;
  console.log(line);
  if (REPORT !== undefined) {
    appendFileSync(join(REPORT, "plan.txt"), `${line}\n`);
    writeFileSync(
      join(REPORT, `plan-${change.replaceAll(/[^a-z0-9]+/gi, "-")}.json`),
      `${JSON.stringify({ plan, happened: { ...happened, record: undefined } }, null, 2)}\n`,
    );
  }
}
