import type { Docker } from "../../docker.ts";
import type { MachineFacts } from "./json.ts";

/** Who answers with a version: component, and the command inside one of its containers. */
const PROGRAMS: readonly { name: string; component: string; command: readonly string[] }[] = [
  { name: "postgresql", component: "postgres", command: ["postgres", "--version"] },
  { name: "patroni", component: "postgres", command: ["patroni", "--version"] },
  { name: "etcd", component: "etcd", command: ["etcd", "--version"] },
  { name: "pgbouncer", component: "pooler", command: ["/usr/sbin/pgbouncer", "--version"] },
  { name: "haproxy", component: "router", command: ["haproxy", "-v"] },
];

const ANSWER_MS = 10_000;

/** Of a machine whose Docker gives no answer. */
export const UNKNOWN: MachineFacts = { cores: 0, memoryMiB: 0, docker: "unknown", versions: {} };

/**
 * What the drills run on, as Docker and the programs say it; what gives no answer is left out.
 *
 * @param containers of the stack that run
 */
export async function machineFacts(
  docker: Docker,
  containers: readonly { readonly name: string; readonly component: string }[],
): Promise<MachineFacts> {
  const format = "{{.NCPU}} {{.MemTotal}} {{.ServerVersion}}";
  const info = docker.run(["info", "--format", format], { timeoutMs: ANSWER_MS });
  const versions = PROGRAMS.map(async ({ name, component, command }) => {
    const container = containers.find((candidate) => candidate.component === component);
    if (!container) {
      return [];
    }
    const args = ["exec", container.name, ...command];
    const { code, stdout } = await docker.run(args, { timeoutMs: ANSWER_MS });
    const version = code === 0 ? versionIn(stdout) : undefined;
    return version === undefined ? [] : [[name, version] as const];
  });
  const [cores = "0", bytes = "0", engine = UNKNOWN.docker] = (await info).stdout.trim().split(" ");
  return {
    cores: Number(cores),
    memoryMiB: Math.round(Number(bytes) / 2 ** 20),
    docker: engine,
    versions: Object.fromEntries((await Promise.all(versions)).flat()),
  };
}

/** The first version number in a program's answer. Pure. */
export function versionIn(text: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(text)?.[0];
}
