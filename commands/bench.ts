import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { checkedOptions, type TypedOptions } from "./bench/options.ts";
import { cellsOf, planSeconds } from "./bench/plan.ts";
import { benchReport, exitCodeOf } from "./bench/report.ts";
import { runBench } from "./bench/run.ts";
import { benchTable } from "./bench/table.ts";
import { realTools } from "./bench/tools.ts";
import { FREE_STACK, lineOf, timeName } from "./drill.ts";
import { needFullRedundancy } from "./drills/all.ts";
import { whileInterruptible } from "./drills/interrupt.ts";
import { recordLast } from "./drills/last.ts";
import { whileAlone } from "./drills/lock.ts";
import { refuseOthersStack } from "./drills/owner.ts";
import { realStage } from "./drills/realStage.ts";
import { machineFacts, UNKNOWN } from "./drills/report/machine.ts";
import { Site } from "./drills/site.ts";
import { Fault } from "./fault.ts";
import { privatePath } from "./paths.ts";
import { activeName } from "./site/activeName.ts";
import { orWhatHelps } from "./site/silentHost.ts";
import { loadStack } from "./stack.ts";
import { confirm, duration, note, print } from "./ui.ts";

/** Measures the ways to the database side by side, on the live stack, and what a handover and a failover cost. */
export async function bench(typed: TypedOptions): Promise<number> {
  const { stack: name, json, output, yes } = typed;
  const options = checkedOptions(typed);
  const { settings } = loadStack(name);
  await askBefore(name, yes);
  const site = new Site(settings, await activeName(settings));
  await orWhatHelps(settings, refuseOthersStack(site.docker, name));
  return whileAlone(name, async () => {
    const startedAt = new Date();
    const stage = realStage(site);
    await needFullRedundancy(stage);
    const look = await stage.look();
    const running = look.boxes.filter(({ status }) => status === "running");
    const machine = await machineFacts(site.docker, running).catch(() => UNKNOWN);
    const cells = cellsOf(options.parts, settings.database.replicas).length;
    const atLeast = planSeconds(cells, options.rounds, options.seconds);
    if (cells > 0) {
      note(`  …    ${cells} ways, ${options.rounds} rounds: ${duration(atLeast)} and more`);
    }
    const outcome = await whileInterruptible(
      (signal) =>
        runBench(
          options,
          realTools(site, stage, look, options, (one) => note(lineOf(one))),
          signal,
        ),
      {
        now: "what was switched is being put back",
        never: "replication may be asynchronous still",
      },
    );
    const report = benchReport(
      {
        stack: name,
        startedAt: startedAt.toISOString(),
        finishedAt: new Date().toISOString(),
        machine,
        options,
        database: {
          memoryMiB: settings.database.memoryMiB,
          replicas: settings.database.replicas,
        },
      },
      outcome,
    );
    const text = JSON.stringify(report, null, 2);
    print(json ? text : benchTable(report));
    if (outcome.drills.length > 0) {
      recordLast(settings, outcome.drills);
    }
    const file = output
      ? resolve(output)
      : privatePath("bench", `${name}-${timeName(startedAt)}.json`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
    note(`written to ${file}`);
    return exitCodeOf(report);
  });
}

/** @throws Fault */
async function askBefore(name: string, yes: boolean): Promise<void> {
  const question = `Load stack ${name}, replicate asynchronously for some minutes (a leader lost just then takes the last writes with it), and fail it over?`;
  if (name !== FREE_STACK && !(await confirm(question, yes))) {
    throw new Fault("nothing was measured", `./holdfast bench --yes --stack ${name}`);
  }
}
