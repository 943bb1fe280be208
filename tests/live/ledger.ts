/** The drills' load beside whatever a test does to a stack, `up` included. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { LiveStack } from "./stack.ts";

/** What became of every call of a load. */
export interface Account {
  readonly acknowledged: number;
  readonly rejected: number;
  readonly unknown: number;
  /** Of each member that there is in the end: lost, duplicated, phantom and reordered rows. */
  readonly verdicts: readonly { readonly member: string; readonly wrong: number }[];
  /** Reads of the read pool and pages of the application. */
  readonly reads: number;
  readonly failedReads: number;
  /** Between two acknowledged writes; undefined when there was none at all. */
  readonly longestGapSeconds: number | undefined;
  /** What failed calls were told, a few. */
  readonly errors: readonly string[];
}

/** Starts the load; resolves when its first calls were answered. The returned function ends it. */
export async function startLedger({
  folder,
  name,
}: Pick<LiveStack, "folder" | "name">): Promise<() => Promise<Account>> {
  const program = join(folder, "tests/live/ledgerRun.ts");
  const child = spawn(process.execPath, [program, name], { cwd: folder });
  let [out, err] = ["", ""];
  const { promise: ended, resolve: end } = Promise.withResolvers<number | null>();
  const { promise: loaded, resolve: begin } = Promise.withResolvers<void>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (out.includes("loaded\n")) begin();
  });
  child.on("close", end);
  await Promise.race([loaded, ended]);
  if (!out.includes("loaded\n")) {
    throw new Error(`the load did not begin: ${err}`);
  }
  return async () => {
    child.stdin.end();
    const code = await ended;
    if (code !== 0) {
      throw new Error(`the load ended with ${code}: ${err}`);
    }
    return JSON.parse(out.trim().split("\n").at(-1) ?? "") as Account;
  };
}
