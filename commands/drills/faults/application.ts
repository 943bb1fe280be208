import type { Box } from "../boxes.ts";
import { HOLD_SECONDS } from "../limits.ts";
import { type Drill, type Injected, type Scene, Skipped } from "../scene.ts";
import { clockOf, untilBack, viewOf } from "./edgeLog.ts";
import { resume } from "./paths.ts";
import { ANSWER_MS, boxOf, crash, isLocalRoot, processesIn } from "./tools.ts";

/** The instance's own mark that it wants to leave: see app/shop_site/health.py and app/bin/holdfast-serve. */
const DRAIN_FILE = "/run/app/draining";
/** For a restart by whoever watches, the start itself, and the edge's two good checks. */
const BACK_SECONDS = 90;

export const applications: readonly Drill[] = [
  {
    name: "app-killed",
    family: "application",
    description: "kill -9 of an instance's container: nobody notices",
    async inject(scene) {
      const [box] = theFaulty(scene, 1);
      return killed(scene, box === undefined ? [] : [box]);
    },
  },
  {
    name: "app-hung",
    family: "application",
    description: "an instance stopped with SIGSTOP: it is left alone, and restarted by itself",
    async inject(scene) {
      const { docker, undo, note } = scene;
      const [box] = theFaulty(scene, 1);
      if (box === undefined) {
        throw new Error("no instance");
      }
      // Docker's init cannot be stopped from inside its own namespace, and need not be.
      const processes = (await processesIn(docker, box)).filter(({ pid }) => pid !== 1);
      undo(`${box.alias} goes on`, async () => {
        const now = (await scene.lookAgain()).boxes.find(({ alias }) => alias === box.alias);
        const same = now?.id === box.id && now.startedAt === box.startedAt;
        if (same) {
          note(`${box.alias} was not restarted by itself`);
          await resume(scene, box, processes);
        }
      });
      const pids = processes.map(({ pid }) => String(pid));
      const at = await timedInside(scene, box, 'kill -STOP "$@"', pids);
      return {
        fault: `all processes of ${box.alias} were stopped with SIGSTOP`,
        holdSeconds: HOLD_SECONDS.hungInstance,
        ...watched(scene, [box], at),
      };
    },
  },
  {
    name: "app-failing",
    family: "application",
    description: "an instance whose /healthz answers 503: it gets no more requests",
    async inject(scene) {
      const { docker, undo } = scene;
      const [box] = theFaulty(scene, 1);
      if (box === undefined) {
        throw new Error("no instance");
      }
      const known = await docker.run(["exec", box.name, "sh", "-c", "command -v holdfast-serve"], {
        timeoutMs: ANSWER_MS,
      });
      if (known.code !== 0) {
        throw new Skipped("the application is not the shop: nobody knows how to make it fail");
      }
      undo(`${box.alias} is well`, () =>
        docker.must(`mending ${box.alias}`, ["exec", box.name, "rm", "-f", DRAIN_FILE], {
          timeoutMs: ANSWER_MS,
        }),
      );
      const at = await timedInside(scene, box, ': >"$1"', [DRAIN_FILE]);
      return {
        fault: `/healthz of ${box.alias} was made to answer 503`,
        holdSeconds: HOLD_SECONDS.failingInstance,
        ...watched(scene, [box], at),
      };
    },
  },
  {
    name: "app-all-but-one-killed",
    family: "application",
    description: "kill -9 of every instance but one: that one serves all",
    async inject(scene) {
      return killed(scene, theFaulty(scene, Number.POSITIVE_INFINITY));
    },
  },
];

/** The first instances that run, but never all of them. @throws Skipped with fewer than two */
function theFaulty(scene: Scene, most: number): Box[] {
  boxOf(scene, "edge");
  const running = scene.look.boxes.filter(
    ({ component, status }) => component === "app" && status === "running",
  );
  if (running.length < 2) {
    throw new Skipped("with a single instance nobody is left to serve (application.instances.min)");
  }
  return running.slice(0, Math.min(most, running.length - 1));
}

async function killed(scene: Scene, boxes: readonly Box[]): Promise<Injected> {
  const { docker } = scene;
  const at = isLocalRoot(docker) ? Date.now() / 1000 : await clockOf(docker, boxOf(scene, "edge"));
  const faults: string[] = [];
  for (const box of boxes) {
    faults.push(await crash(docker, box));
  }
  return { fault: faults.join("; "), ...watched(scene, boxes, at) };
}

/** Runs a shell line inside, and returns when that was, by the Docker host's clock. Seconds. */
async function timedInside(
  { docker }: Scene,
  box: Box,
  line: string,
  args: readonly string[],
): Promise<number> {
  const { stdout } = await docker.must(
    `making ${box.alias} fail`,
    ["exec", box.name, "sh", "-c", `${line} && date +%s%3N`, "sh", ...args],
    { timeoutMs: ANSWER_MS },
  );
  return Number.parseInt(stdout, 10) / 1000;
}

/** What the edge did about them, from its own log. */
function watched(
  scene: Scene,
  boxes: readonly Box[],
  at: number,
): Pick<Injected, "whole" | "seen"> {
  const edge = boxOf(scene, "edge");
  const aliases = boxes.map(({ alias }) => alias);
  return {
    whole: () => untilBack(scene, edge, aliases, at, BACK_SECONDS),
    async seen() {
      const { out, back, late } = await viewOf(scene.docker, edge, aliases, at);
      if (late > 0) {
        throw new Error(`the edge gave ${late} requests to an instance that it had taken out`);
      }
      return {
        ...(out === undefined ? {} : { noTrafficSeconds: Math.max(0, out - at) }),
        ...(back === undefined ? {} : { wholeAgainSeconds: back - at }),
      };
    },
  };
}
