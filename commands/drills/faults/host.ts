import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import type { Docker } from "../../docker.ts";
import { DEFAULT_DOCKER, setUpDocker, startedDaemon } from "../../setup/docker.ts";
import type { Box } from "../boxes.ts";
import { type Drill, type Scene, Skipped } from "../scene.ts";
import { killMain, needLocalRoot } from "./tools.ts";

const PID_FILE = "/var/run/docker.pid";
/** The one that the launcher starts itself. */
const OWN_DAEMON = { name: "h1", address: DEFAULT_DOCKER, configured: false };
const ANOTHERS = "the Docker daemon was not started by this launcher: it is another's to kill";

export const hosts: readonly Drill[] = [
  {
    name: "host-killed",
    family: "host",
    description: "kill -9 of every container of the stack at once",
    async inject({ docker, look }) {
      needLocalRoot(docker, "the containers' main processes are killed from outside");
      const running = runningOf(look.boxes);
      killAll(running);
      return {
        fault: `the main processes of all ${running.length} containers were killed with SIGKILL`,
      };
    },
  },
  {
    name: "daemon-killed",
    family: "host",
    description: "kill -9 of every container and of the Docker daemon itself",
    endsLoad: true,
    async prepare(scene) {
      await daemonOf(scene);
      return scene.lookAgain();
    },
    async inject(scene) {
      const daemon = await daemonOf(scene);
      const running = runningOf(scene.look.boxes);
      scene.undo("the Docker daemon runs", () => setUpDocker(OWN_DAEMON));
      // The daemon first: it must not start any of them again meanwhile.
      for (const pid of daemon) {
        process.kill(pid, "SIGKILL");
      }
      killAll(running);
      return {
        fault: `the Docker daemon and the main processes of all ${running.length} containers were killed with SIGKILL`,
      };
    },
  },
];

function runningOf(boxes: readonly Box[]): Box[] {
  return boxes.filter(({ status }) => status === "running");
}

function killAll(boxes: readonly Box[]): void {
  for (const box of boxes) {
    killMain(box);
  }
}

/**
 * The pids of dockerd and of its containerd.
 *
 * @throws Skipped where anything else runs on it, or nobody here could start it again
 */
async function daemonOf({ docker, settings }: Scene): Promise<number[]> {
  needLocalRoot(docker, "the Docker daemon is killed");
  if (docker.host !== DEFAULT_DOCKER || existsSync("/run/systemd/system")) {
    throw new Skipped(ANOTHERS);
  }
  const others = await othersOn(docker, settings.stack);
  if (others.length > 0) {
    throw new Skipped(`the Docker daemon runs containers of others: ${others.join(", ")}`);
  }
  const pid = existsSync(PID_FILE) ? Number.parseInt(readFileSync(PID_FILE, "utf8"), 10) : 0;
  if (!isDaemon(pid)) {
    throw new Skipped(`no dockerd of this machine is named in ${PID_FILE}`);
  }
  if (pid !== startedDaemon()) {
    throw new Skipped(ANOTHERS);
  }
  return [pid, ...childrenOf(pid)];
}

/** Running containers that are not the stack's. */
async function othersOn(docker: Docker, stack: string): Promise<string[]> {
  const format = '{{.Names}} {{.Label "holdfast.stack"}}';
  const { stdout } = await docker.must("listing containers", ["ps", "--format", format]);
  return stdout.split("\n").flatMap((line) => {
    const [name = "", of = ""] = line.split(" ");
    return name === "" || of === stack ? [] : [name];
  });
}

function isDaemon(pid: number): boolean {
  try {
    return pid > 1 && realpathSync(`/proc/${pid}/exe`).endsWith("/dockerd");
  } catch {
    return false;
  }
}

/** The daemon's own containerd; a system's containerd is no child of it. */
function childrenOf(pid: number): number[] {
  // Each thread has children of its own.
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
    .filter((child) => child.trim() !== "")
    .map(Number)
    .filter(isContainerd);
}

function isContainerd(pid: number): boolean {
  try {
    return realpathSync(`/proc/${pid}/exe`).endsWith("/containerd");
  } catch {
    return false;
  }
}
