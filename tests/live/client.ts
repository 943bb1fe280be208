import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./environment.ts";
import { type Running, start } from "./process.ts";

/** What became of the rows that a {@link Writer} wrote. */
export interface Written {
  readonly acknowledged: number;
  readonly lost: number;
  readonly failures: readonly string[];
  readonly longestSeconds: number;
}

const CODE = readFileSync(join(import.meta.dirname, "client.py"), "utf8");

/** A client on the host: uses the URLs as `outputs` prints them, without psql on the machine. */
async function client(environment: Environment, mode: "query" | "write"): Promise<Running> {
  const [app] = await environment.containers("app");
  const label = `holdfast.stack-under-test=${environment.stack}`;
  const docker = `run --rm --interactive --network host --label ${label} --entrypoint python3`;
  const args = [...docker.split(" "), app?.Config.Image ?? "", "-c", CODE, mode];
  return start("docker", args, { timeoutMs: 400_000 });
}

/** Rows of one statement, sent to a URL. */
export async function query(
  environment: Environment,
  url: string,
  statement: string,
): Promise<unknown[][]> {
  const { child, ended } = await client(environment, "query");
  child.stdin?.end(`${url}\n${statement.replaceAll("\n", " ")}\n`);
  const { code, stdout, stderr } = await ended;
  if (code !== 0) {
    throw new Error(`query: ${stderr}`);
  }
  return JSON.parse(stdout);
}

/** Writes rows through the pooler while `work` runs. */
export async function whileWriting(
  environment: Environment,
  url: string,
  work: () => Promise<void>,
): Promise<Written> {
  const { child, ended } = await client(environment, "write");
  child.stdin?.write(`${url}\n`);
  try {
    await Promise.race([
      new Promise((resolve) => child.stdout?.once("data", resolve)),
      ended.then(({ stderr }) => Promise.reject(new Error(`the writer ended: ${stderr}`))),
    ]);
    await work();
  } finally {
    child.stdin?.end();
  }
  const { stdout, stderr } = await ended;
  const report = stdout.trim().split("\n").at(-1) ?? "";
  if (!report.startsWith("{")) {
    throw new Error(`the writer failed: ${stderr}`);
  }
  return JSON.parse(report);
}
