import type { RunResult } from "../../exec.ts";
import { HOLD_SECONDS } from "../limits.ts";
import type { Drill, Injected, Scene } from "../scene.ts";
import { dockerStop, start } from "./tools.ts";

/** A handover or a rolling restart that takes longer has failed. */
const WORK_MS = 120_000;

export const planned: readonly Drill[] = [
  {
    name: "switchover",
    family: "planned",
    description: "a planned handover to the best candidate",
    async inject(scene): Promise<Injected> {
      const done = await handOver(scene);
      const { leader } = scene;
      return { fault: `holdfast-handover was run in ${leader.alias}`, ...unlessDone([done]) };
    },
  },
  {
    name: "leader-stopped",
    family: "planned",
    description: "docker stop of the leader, started again afterwards",
    async inject({ docker, leader, undo }) {
      undo(`${leader.alias} started`, () => start(docker, leader));
      await dockerStop(docker, leader);
      return { fault: `${leader.alias}, the leader, was stopped with docker stop` };
    },
  },
  {
    name: "replica-stopped",
    family: "planned",
    description: "docker stop of a replica, started again afterwards",
    async inject(scene) {
      const { docker, undo } = scene;
      const replica = aReplica(scene);
      undo(`${replica.alias} started`, () => start(docker, replica));
      await dockerStop(docker, replica);
      return {
        fault: `${replica.alias}, a replica, was stopped with docker stop`,
        holdSeconds: HOLD_SECONDS.replica,
      };
    },
  },
  {
    name: "restart",
    family: "planned",
    description: "a rolling restart of every member",
    async inject({ docker, leader, settings, note }) {
      const members = String(settings.database.replicas + 1);
      const command = ["exec", leader.name, "holdfast-restart", "--members", members];
      const done = await docker.run(command, { timeoutMs: WORK_MS });
      note(sentence(done));
      return {
        fault: `holdfast-restart was run in ${leader.alias}: every member restarted in turn`,
        ...unlessDone([done]),
      };
    },
  },
  {
    name: "handover-twice",
    family: "planned",
    description: "two handovers at once: one wins, the other says why not",
    async inject(scene) {
      const both = await Promise.all([handOver(scene), handOver(scene)]);
      const won = both.filter(({ code }) => code === 0).length;
      const refused = both.filter(({ code }) => code === 2).length;
      const right = won === 1 && refused === 1;
      return {
        fault: `two handovers were started at once in ${scene.leader.alias}`,
        ...(right ? {} : { wrong: `${won} handovers succeeded and ${refused} were refused` }),
      };
    },
  },
  {
    name: "handover-interrupted",
    family: "planned",
    description: "the handover's own process killed while the clients are held",
    async inject(scene) {
      const { settings, sleep, note, lookAgain, untilFull } = scene;
      let wrong: Pick<Injected, "wrong"> = {};
      for (const step of INTERRUPTED_AFTER) {
        const { leader } = await lookAgain();
        const done = await handOver(
          { ...scene, leader: leader ?? scene.leader },
          "--die-after",
          step,
        );
        note(`killed after its step "${step}"`);
        if (done.code !== KILLED) {
          wrong = { wrong: `the handover was to be killed after ${step}: ${sentence(done)}` };
        }
        // Pauses and the lock end with their leases; until then the next one would be refused.
        await sleep(settings.timings.handover.pauseLeaseSeconds + 1);
        await untilFull(FULL_SECONDS);
      }
      return {
        fault: `handovers were begun and killed with SIGKILL after ${INTERRUPTED_AFTER.join(", ")}`,
        ...wrong,
      };
    },
  },
];

/** Steps of a handover after which its owner dies: clients held; Patroni asked; the new leader there. */
const INTERRUPTED_AFTER = ["pause", "asked", "path"] as const;
/** The exit code of a program that ended by SIGKILL. */
const KILLED = 137;
const FULL_SECONDS = 60;

async function handOver({ docker, leader, note }: Scene, ...args: string[]): Promise<RunResult> {
  const command = ["exec", leader.name, "holdfast-handover", ...args];
  const done = await docker.run(command, { timeoutMs: WORK_MS });
  note(sentence(done));
  return done;
}

/** What a tool said, on one line. */
function sentence({ code, stdout, stderr }: RunResult): string {
  const text = `${stdout}${stderr}`.split("\n").filter(Boolean).join("; ");
  return code === 0 ? text : `${text} (exit code ${code})`;
}

function unlessDone(all: readonly RunResult[]): Pick<Injected, "wrong"> {
  const failed = all.find(({ code }) => code !== 0);
  return failed ? { wrong: sentence(failed) } : {};
}

/** The lowest replica. @throws Error when there is none */
export function aReplica({ replicas }: Scene) {
  const [replica] = replicas;
  if (!replica) {
    throw new Error("no replica runs");
  }
  return replica;
}
