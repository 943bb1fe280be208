import type { Docker } from "../../docker.ts";
import type { Box } from "../boxes.ts";
import { HOLD_SECONDS } from "../limits.ts";
import { type Drill, type Injected, type Scene, Skipped } from "../scene.ts";
import { ANSWER_MS, boxOf, crash, find, type Process, signalInside } from "./tools.ts";

export const paths: readonly Drill[] = [
  {
    name: "pooler-killed",
    family: "paths",
    description: "kill -9 of a pooler's container: its clients take the other one",
    inject: (scene) => killed(scene, boxOf(scene, "pooler")),
  },
  {
    name: "pooler-hung",
    family: "paths",
    description: "a PgBouncer stopped with SIGSTOP: its watchdog kills it",
    async inject(scene) {
      const { docker, undo } = scene;
      const pooler = boxOf(scene, "pooler");
      const bouncers = await find(docker, pooler, /^\S*pgbouncer /);
      undo("what is left of it goes on", () => resume(scene, pooler, bouncers));
      await signalInside(docker, pooler, "STOP", bouncers);
      return {
        fault: `PgBouncer of ${pooler.alias} was stopped with SIGSTOP`,
        holdSeconds: HOLD_SECONDS.hungPooler,
      };
    },
  },
  {
    name: "router-killed",
    family: "paths",
    description: "kill -9 of the router's container",
    inject: (scene) => killed(scene, boxOf(scene, "router")),
  },
  {
    name: "router-hung",
    family: "paths",
    description: `the router's HAProxy stopped for ${HOLD_SECONDS.hungProxy} s: pooled clients do not notice`,
    inject: (scene) => hung(scene, boxOf(scene, "router"), /^haproxy /),
  },
  {
    name: "edge-killed",
    family: "paths",
    description: "kill -9 of the edge's container",
    inject: (scene) => killed(scene, boxOf(scene, "edge")),
  },
  {
    name: "edge-hung",
    family: "paths",
    description: `the edge's HAProxy stopped for ${HOLD_SECONDS.hungProxy} s: pages wait`,
    inject: (scene) => hung(scene, boxOf(scene, "edge"), /^haproxy /),
  },
  {
    name: "guard-killed",
    family: "paths",
    description: "kill -9 of the guard's container: nobody notices",
    inject: (scene) => killed(scene, guardOf(scene)),
  },
  {
    name: "guard-hung",
    family: "paths",
    description: `the guard frozen for ${HOLD_SECONDS.hungGuard} s: nobody notices`,
    async inject(scene) {
      const { docker, undo } = scene;
      const guard = guardOf(scene);
      undo(`${guard.alias} goes on`, () =>
        docker.must(`unpausing ${guard.alias}`, ["unpause", guard.id], { timeoutMs: ANSWER_MS }),
      );
      await docker.must(`pausing ${guard.alias}`, ["pause", guard.id], { timeoutMs: ANSWER_MS });
      return {
        fault: `${guard.alias} was frozen with docker pause`,
        holdSeconds: HOLD_SECONDS.hungGuard,
      };
    },
  },
];

async function killed({ docker }: Scene, box: Box): Promise<Injected> {
  return { fault: await crash(docker, box) };
}

async function hung(scene: Scene, box: Box, what: RegExp): Promise<Injected> {
  const { docker, undo } = scene;
  const processes = await find(docker, box, what);
  undo(`${box.alias} goes on`, () => resume(scene, box, processes));
  await signalInside(docker, box, "STOP", processes);
  return {
    fault: `HAProxy of ${box.alias} was stopped with SIGSTOP`,
    holdSeconds: HOLD_SECONDS.hungProxy,
  };
}

/** SIGCONT for those that still are what they were: a watchdog may have replaced them. */
export async function resume(
  { docker }: Scene,
  box: Box,
  before: readonly Process[],
): Promise<void> {
  const left = await leftOf(docker, box, before);
  if (left.length > 0) {
    await signalInside(docker, box, "CONT", left);
  }
}

/** Those of some processes that nobody has ended or replaced since. */
export async function leftOf(
  docker: Docker,
  box: Box,
  before: readonly Process[],
): Promise<Process[]> {
  const now = await find(docker, box, /./);
  return before.filter(({ pid, args }) => now.some((one) => one.pid === pid && one.args === args));
}

function guardOf({ look }: Scene): Box {
  const guard = look.boxes.find(({ component }) => component === "guard");
  if (!guard) {
    throw new Skipped("this stack has no guard");
  }
  return guard;
}
