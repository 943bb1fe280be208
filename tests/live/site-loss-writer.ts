/** Writes numbered rows one after the other, and remembers which the database acknowledged, and when. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { inside, type LiveStack, must } from "./stack.ts";

const GAP_MS = 20;

export interface Acknowledged {
  readonly id: number;
  /** Milliseconds since 1970, when the acknowledgement arrived here. */
  readonly at: number;
}

export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();

  /** @param url the stack's databaseUrl; it travels on standard input */
  async start(stack: LiveStack, url: string): Promise<void> {
    const format = "{{.Config.Image}}";
    const image = await must("docker", ["inspect", "-f", format, stack.container("postgres-1")]);
    const script = 'IFS= read -r url; exec psql "$url" --no-psqlrc -At -v ON_ERROR_STOP=1';
    const network = `holdfast-${stack.name}-a-network`;
    const args = ["run", "--rm", "-i", "--network", network, "--entrypoint", "sh"];
    const child = spawn("docker", [...args, image.trim(), "-c", script], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.child = child;
    this.ended = new Promise((resolve) => child.on("close", () => resolve()));
    child.stdin.on("error", () => undefined); // the database it writes to is going to be lost
    child.stdin.write(`${inside(url)}\n`);
    let next = 1;
    const send = () =>
      child.stdin.write(`INSERT INTO acknowledged VALUES (${next++}) RETURNING id;\n`);
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!/^\d+$/.test(line)) return; // psql's own word, INSERT 0 1
      this.acknowledged.push({ id: Number(line), at: Date.now() });
      setTimeout(send, GAP_MS);
    });
    send();
  }

  /** Ends it, if the loss has not; the last acknowledgement is in the list then. */
  async stop(): Promise<void> {
    this.child?.stdin?.end();
    const late = setTimeout(() => this.child?.kill("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(late);
  }
}
