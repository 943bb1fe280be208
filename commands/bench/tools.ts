import { availableParallelism, loadavg } from "node:os";
import { runAll } from "../drills/all.ts";
import { chosen } from "../drills/catalogue.ts";
import type { Look, Site } from "../drills/site.ts";
import { type Stage, untilFull } from "../drills/stage.ts";
import type { DrillResult } from "../drills/types.ts";
import { Fault } from "../fault.ts";
import { note } from "../ui.ts";
import type { Bench } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { runPgbench } from "./pgbench.ts";
import { cellsOf, planSeconds } from "./plan.ts";
import { ReplicationSwitch } from "./replication.ts";
import { Rig } from "./rig.ts";
import type { Tools } from "./run.ts";

/** After the measuring: the members catch up. */
const SETTLE_SECONDS = 60;
/** Setting up, switching and tidying, beside the measuring itself. */
const RESERVE_SECONDS = 1800;

/** What a bench works with on a live stack. */
export function realTools(
  site: Site,
  stage: Stage,
  look: Look,
  options: BenchOptions,
  done: (result: DrillResult) => void,
): Tools {
  const { docker, settings } = site;
  const { replicas } = settings.database;
  const cells = cellsOf(options.parts, replicas).length;
  const planned = planSeconds(cells, options.rounds, options.seconds);
  const say = (text: string) => note(`  …    ${text}`);
  const isHere = docker.host.startsWith("unix://");
  return {
    replicas,
    say,
    async setUp(undoing, signal): Promise<Bench> {
      const rigOptions = { scale: options.scale, lifeSeconds: 2 * planned + RESERVE_SECONDS };
      const rig = new Rig(site, look, rigOptions, undoing);
      const targets = await rig.setUp(say, signal);
      const replication = await ReplicationSwitch.open(docker, rig.members);
      undoing.add("replication as it was", () => replication.putBack());
      const load = isHere ? `load average ${loadavg()[0]?.toFixed(1)}` : "load average unknown";
      say(`measuring; ${load} on ${availableParallelism()} cores`);
      return {
        measure: ({ load: kind, path }, seconds) => {
          const target = targets.get(path);
          if (target === undefined) throw new Fault(`there is no way "${path}" here`);
          const intensity = { clients: options.clients, seconds };
          return runPgbench(docker, rig.load, target, kind, intensity, signal);
        },
        replicate: (mode) => replication.to(mode, signal),
        tidy: () => rig.tidy(signal),
        loadAverage: () => (isHere ? (loadavg()[0] ?? null) : null),
        say,
      };
    },
    async drill(names, times, signal) {
      await untilFull(stage, SETTLE_SECONDS, signal);
      return runAll(chosen(names), times, stage, signal, done);
    },
  };
}
