import type { Docker } from "../../docker.ts";
import type { Box } from "../boxes.ts";
import { HOLD_SECONDS } from "../limits.ts";
import type { Drill, Scene } from "../scene.ts";
import { ANSWER_MS, dockerKill, dockerStop, emptyVolume, start } from "./tools.ts";

export const etcd: readonly Drill[] = [
  {
    name: "etcd-member-killed",
    family: "etcd",
    description: "etcd's own leader killed, started again afterwards",
    async inject(scene) {
      const { docker, undo } = scene;
      const member = await etcdLeader(docker, membersOf(scene));
      undo(`${member.alias} started`, () => start(docker, member));
      await dockerKill(docker, [member]);
      return {
        fault: `${member.alias}, etcd's leader, was killed with docker kill`,
        holdSeconds: HOLD_SECONDS.etcdMember,
      };
    },
  },
  {
    name: "etcd-member-lost",
    family: "etcd",
    description: "an etcd member lost with its data: it rejoins",
    async inject(scene) {
      const { docker, undo } = scene;
      const member = await etcdLeader(docker, membersOf(scene));
      undo(`${member.alias} started`, () => start(docker, member));
      await dockerStop(docker, member);
      await emptyVolume(docker, member);
      return { fault: `${member.alias} was stopped and its volume emptied` };
    },
  },
  {
    name: "etcd-all-killed",
    family: "etcd",
    description: "all etcd members down for longer than a lease: writes go on",
    async inject(scene) {
      const { docker, undo, settings } = scene;
      const all = membersOf(scene);
      undo("all etcd members started", () => startAll(docker, all));
      await dockerKill(docker, all);
      return {
        fault: `all ${all.length} etcd members were killed with docker kill`,
        // Past the lease: nothing but failsafe mode keeps the leader leading.
        holdSeconds: settings.timings.patroni.ttlSeconds + 5,
      };
    },
  },
  {
    name: "etcd-all-lost",
    family: "etcd",
    description: "all etcd members lost with all their data: writes go on",
    async inject(scene) {
      const { docker, undo } = scene;
      const all = membersOf(scene);
      undo("all etcd members started", () => startAll(docker, all));
      await dockerKill(docker, all);
      for (const member of all) {
        await emptyVolume(docker, member);
      }
      return { fault: `all ${all.length} etcd members were killed and their volumes emptied` };
    },
  },
];

function membersOf({ look }: Scene): Box[] {
  return look.boxes.filter(({ component }) => component === "etcd");
}

/** All at once: a member alone waits for a quorum. */
async function startAll(docker: Docker, boxes: readonly Box[]): Promise<void> {
  await Promise.all(boxes.map((box) => start(docker, box)));
}

const IS_LEADER =
  "import urllib.request as u; print(u.urlopen('http://127.0.0.1:2381/metrics', timeout=2).read().decode())";

/** The member that leads etcd: its loss costs an election; the last one when none says so. */
async function etcdLeader(docker: Docker, boxes: readonly Box[]): Promise<Box> {
  for (const box of boxes) {
    const args = ["exec", box.name, "python3", "-c", IS_LEADER];
    const { stdout } = await docker.run(args, { timeoutMs: ANSWER_MS });
    if (/^etcd_server_is_leader 1$/m.test(stdout)) {
      return box;
    }
  }
  const last = boxes.at(-1);
  if (!last) {
    throw new Error("no etcd member runs");
  }
  return last;
}
