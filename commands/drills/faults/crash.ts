import type { Docker } from "../../docker.ts";
import type { Box } from "../boxes.ts";
import { HOLD_SECONDS } from "../limits.ts";
import { type Drill, Skipped } from "../scene.ts";
import { leftOf, resume } from "./paths.ts";
import { aReplica } from "./planned.ts";
import {
  ANSWER_MS,
  dockerKill,
  find,
  killMain,
  needLocalRoot,
  signalInside,
  start,
} from "./tools.ts";

export const crashes: readonly Drill[] = [
  {
    name: "postgres-killed",
    family: "crash",
    description: "kill -9 of the leader's PostgreSQL",
    async inject({ docker, leader }) {
      await signalInside(docker, leader, "KILL", await find(docker, leader, /\/postgres -D /));
      return { fault: `the postmaster of ${leader.alias}, the leader, was killed with SIGKILL` };
    },
  },
  {
    name: "patroni-killed",
    family: "crash",
    description: "kill -9 of the leader's Patroni",
    async inject({ docker, leader }) {
      await signalInside(docker, leader, "KILL", await find(docker, leader, /\/bin\/patroni /));
      return { fault: `Patroni of ${leader.alias}, the leader, was killed with SIGKILL` };
    },
  },
  {
    name: "patroni-hung",
    family: "crash",
    description: "SIGSTOP of the leader's Patroni: its supervisor replaces it, PostgreSQL goes on",
    async inject(scene) {
      const { docker, leader, undo } = scene;
      const patroni = await find(docker, leader, /\/bin\/patroni /);
      undo("what is left of it goes on", () => resume(scene, leader, patroni));
      await signalInside(docker, leader, "STOP", patroni);
      return {
        fault: `Patroni of ${leader.alias}, the leader, was stopped with SIGSTOP`,
        holdSeconds: HOLD_SECONDS.hungPatroni,
        async check() {
          const left = await leftOf(docker, leader, patroni);
          return left.length > 0
            ? `nobody replaced Patroni of ${leader.alias} within ${HOLD_SECONDS.hungPatroni} s`
            : undefined;
        },
      };
    },
  },
  {
    name: "container-killed",
    family: "crash",
    description: "kill -9 of the leader's container: Docker starts it again",
    async inject({ docker, leader }) {
      needLocalRoot(docker, "a container's main process is killed from outside");
      killMain(leader);
      return { fault: `the main process of ${leader.alias}, the leader, was killed with SIGKILL` };
    },
  },
  {
    name: "container-stopped",
    family: "crash",
    description: "docker kill of the leader: Docker leaves it down, the guard frees its key",
    async inject({ docker, leader, undo }) {
      undo(`${leader.alias} started`, () => start(docker, leader));
      await dockerKill(docker, [leader]);
      return {
        fault: `${leader.alias}, the leader, was killed with docker kill`,
        holdSeconds: HOLD_SECONDS.stopped,
      };
    },
  },
  {
    name: "network-cut",
    family: "crash",
    description: `the leader cut off the network for ${HOLD_SECONDS.networkCut} s`,
    async inject({ docker, leader, undo, signal }) {
      const begin = Date.now();
      for (const [network, address] of Object.entries(leader.networks)) {
        const connect = connectArgs(network, address, leader);
        undo(`${leader.alias} connected again`, () =>
          docker.must(`connecting ${leader.alias}`, connect, { timeoutMs: ANSWER_MS }),
        );
        await docker.must(
          `cutting off ${leader.alias}`,
          ["network", "disconnect", network, leader.id],
          { timeoutMs: ANSWER_MS },
        );
      }
      const late = await untilNoLeader(docker, leader, HOLD_SECONDS.networkCut, signal);
      const stepDownSeconds = late === undefined ? undefined : (Date.now() - begin) / 1000 - late;
      return {
        fault: `${leader.alias}, the leader, was cut off its network`,
        holdSeconds: HOLD_SECONDS.networkCut - (Date.now() - begin) / 1000,
        figures: { stepDownSeconds },
      };
    },
  },
  {
    name: "container-paused",
    family: "crash",
    description: `the leader frozen for ${HOLD_SECONDS.paused} s`,
    async inject({ docker, leader, undo }) {
      undo(`${leader.alias} goes on`, () =>
        docker.must(`unpausing ${leader.alias}`, ["unpause", leader.id], { timeoutMs: ANSWER_MS }),
      );
      await docker.must(`pausing ${leader.alias}`, ["pause", leader.id], { timeoutMs: ANSWER_MS });
      return {
        fault: `${leader.alias}, the leader, was frozen with docker pause`,
        holdSeconds: HOLD_SECONDS.paused,
      };
    },
  },
  {
    name: "replicas-stopped",
    family: "crash",
    description: "docker kill of every replica: the leader goes on alone, and an alert says so",
    alert: "PostgresNoSynchronousStandby",
    async inject({ docker, replicas, settings, undo }) {
      if (settings.database.durability === "strict") {
        throw new Skipped(
          "with database.durability strict writes stop without a replica, as asked for",
        );
      }
      for (const replica of replicas) {
        undo(`${replica.alias} started`, () => start(docker, replica));
      }
      await dockerKill(docker, replicas);
      return {
        fault: "every replica was killed with docker kill",
        holdSeconds: HOLD_SECONDS.noReplica,
      };
    },
  },
  {
    name: "replica-killed",
    family: "crash",
    description: "docker kill of a replica, started again afterwards",
    async inject(scene) {
      const { docker, undo } = scene;
      const replica = aReplica(scene);
      undo(`${replica.alias} started`, () => start(docker, replica));
      await dockerKill(docker, [replica]);
      return {
        fault: `${replica.alias}, a replica, was killed with docker kill`,
        holdSeconds: HOLD_SECONDS.replica,
      };
    },
  },
];

/**
 * Asked inside the container, which nobody else reaches: until its PostgreSQL takes no writes, at most
 * so many seconds. One answer that fails may have another cause; three in a row may not. Prints how
 * long ago the first of them was, in milliseconds. Exit code 3: it was never seen to lead.
 */
export const UNTIL_NO_LEADER = `
q() { psql -XAt -h /run/postgresql -c "SELECT pg_is_in_recovery()" postgres 2>/dev/null; }
[ "$(q)" = f ] || exit 3
end=$(($(date +%s) + $1)) row=0
while [ "$row" -lt 3 ]; do
  [ "$(date +%s)" -lt "$end" ] || exit 4
  sleep 0.2
  at=$(date +%s%3N)
  if [ "$(q)" = f ]; then row=0; else row=$((row + 1)); fi
  if [ "$row" = 1 ]; then first=$at; fi
done
echo $(($(date +%s%3N) - first))`;

/** How many seconds ago a member stopped leading; undefined when it did not, or nobody saw it lead. */
async function untilNoLeader(
  docker: Docker,
  box: Box,
  seconds: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  signal.throwIfAborted();
  const { code, stdout } = await docker.run(
    ["exec", box.id, "sh", "-c", UNTIL_NO_LEADER, "sh", String(seconds)],
    { timeoutMs: seconds * 1000, signal },
  );
  return code === 0 ? Number.parseInt(stdout, 10) / 1000 : undefined;
}

/** Brings a container back with the address and the name that others know. Pure. */
export function connectArgs(network: string, address: string, box: Pick<Box, "id" | "alias">) {
  const fixed = address === "" ? [] : ["--ip", address];
  return ["network", "connect", ...fixed, "--alias", box.alias, network, box.id];
}
