/** How many instances the edge sends requests to, watched from inside it. */
import { spawn } from "node:child_process";

/** HAProxy's own table: column 1 is the backend, 2 the server, 18 its state. */
const LOOK = `while read -r -t 0.25 _; [ $? -gt 128 ]; do
  echo "show stat" | socat -t 2 stdio unix-connect:/run/haproxy/admin.sock |
    awk -F, '$1 == "app" && $2 != "BACKEND" && $18 ~ /^UP/ { n++ } END { print n + 0 }'
done`;

export interface Watched {
  /** The fewest at any look. */
  readonly fewest: number;
  readonly most: number;
  readonly looks: number;
}

/** Looks four times a second until the returned function is called. */
export function watchInService(edge: string): () => Promise<Watched> {
  const child = spawn("docker", ["exec", "-i", edge, "bash", "-c", LOOK]);
  const counts: number[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    counts.push(...text.split("\n").filter(Boolean).map(Number));
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return async () => {
    // The end of its input ends it; a client that is killed would leave it running in there.
    child.stdin.end();
    await ended;
    if (counts.length === 0) {
      throw new Error(`nobody could look into ${edge}`);
    }
    return { fewest: Math.min(...counts), most: Math.max(...counts), looks: counts.length };
  };
}
