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
    async inject({ docker, leader, note }) {
      const done = await docker.must(
        "interrupting a handover",
        ["exec", leader.name, "python3", "-c", INTERRUPT],
        { timeoutMs: WORK_MS },
      );
      note(sentence(done));
      return { fault: `a handover in ${leader.alias} was begun and killed with SIGKILL` };
    },
  },
];

/**
 * Begins a handover in the leader's container and kills it at a random moment after the pause. The
 * longest pause that was seen is 2.3 s (lab §4).
 */
const INTERRUPT = `
import random, subprocess, sys, time
sys.path.insert(0, "/usr/local/lib/holdfast")
from facts import poolers, secret
from poolers import PoolerDown, PoolerRefused, ask
token = secret("pooler-agent")
def paused():
    for address in poolers():
        try:
            if ask(address, "GET", "/status", token, None, 1.0)[1].get("paused"):
                return True
        except (PoolerDown, PoolerRefused):
            pass
    return False
begin = time.monotonic()
child = subprocess.Popen(["holdfast-handover"], stdout=subprocess.DEVNULL)
seen = False
while child.poll() is None and not seen and time.monotonic() < begin + 15:
    seen = paused()
    time.sleep(0.02)
time.sleep(random.uniform(0, 2.0))
ended = child.poll()
child.kill()
child.wait()
after = round(time.monotonic() - begin, 2)
if ended is not None:
    print(f"the handover had ended with {ended} before it could be killed")
else:
    print(f"killed {after} s after its begin, {'clients held' if seen else 'no pause seen'}")
`;

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
