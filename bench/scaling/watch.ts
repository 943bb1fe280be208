/** The autoscaler's state, twice a second, from inside its container: one process for a whole run. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Scaling } from "../../commands/cluster/scaling.ts";

export interface Seen {
  /** Seconds since the begin. */
  readonly at: number;
  readonly desired: number;
  readonly ready: number;
}

const FOLLOW = `
import time, urllib.request
while True:
    print(urllib.request.urlopen('http://127.0.0.1:9856/state', timeout=3).read().decode().strip(), flush=True)
    time.sleep(0.5)
`;

/** Calls back until the returned function is called. */
export function follow(
  dockerHost: string,
  container: string,
  onSeen: (seen: Seen) => void,
): () => void {
  const begin = performance.now();
  const child = spawn("docker", ["exec", container, "python3", "-c", FOLLOW], {
    env: { ...process.env, DOCKER_HOST: dockerHost },
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { desired, ready } = JSON.parse(line) as Scaling;
    onSeen({ at: (performance.now() - begin) / 1000, desired, ready });
  });
  return () => child.kill();
}
