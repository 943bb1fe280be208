import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathWith } from "../engine/env.ts";
import { privatePath, ROOT } from "../paths.ts";
import { ensureProgram } from "../setup/machine.ts";
import { note } from "../ui.ts";

/** How many tests of a suite passed and failed; a check without a count of its own is one. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export type Suite = () => Promise<Counts>;

const BIN = join(ROOT, "node_modules", ".bin");

export const lint: Suite = () => check("biome ci", join(BIN, "biome"), ["ci", "."]);
export const types: Suite = () => check("tsc --noEmit", join(BIN, "tsc"), ["--noEmit"]);

/** One of vitest's projects; counts come from its own report. */
export function vitest(project: string): Suite {
  return async () => {
    const report = privatePath("run", `vitest-${project}.json`);
    rmSync(report, { force: true });
    // Each step of a long live test is said as it ends: what a killed run reached can be seen.
    const told = project === "live" ? "verbose" : "default";
    const reporters = [`--reporter=${told}`, "--reporter=json", `--outputFile.json=${report}`];
    const args = ["run", "--project", project, ...reporters];
    const code = await show(`vitest ${project}`, join(BIN, "vitest"), args);
    const counts = existsSync(report) ? parseVitest(readFileSync(report, "utf8")) : nothing;
    // A suite that could not even be loaded has no test that failed.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  };
}

const nothing: Counts = { passed: 0, failed: 0 };

/** The counts in vitest's JSON report. Pure. */
export function parseVitest(text: string): Counts {
  const { numPassedTests = 0, numFailedTests = 0 } = JSON.parse(text) as {
    numPassedTests?: number;
    numFailedTests?: number;
  };
  return { passed: numPassedTests, failed: numFailedTests };
}

/** The Python that runs in our images, tested on the host with what Python itself brings. */
export const python: Suite = async () => {
  if (!existsSync(join(ROOT, "tests", "python"))) {
    return nothing;
  }
  await ensureProgram("python3", "python3");
  let output = "";
  const args = ["-m", "unittest", "discover", "tests/python"];
  const code = await show("python3 -m unittest", "python3", args, (text) => {
    output += text;
  });
  const counts = parseUnittest(output);
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
};

/** The counts in unittest's closing lines. Pure. */
export function parseUnittest(output: string): Counts {
  const ran = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
  const closing = /^FAILED \((.*)\)/m.exec(output)?.[1] ?? "";
  const all = [...closing.matchAll(/(failures|errors|unexpected successes)=(\d+)/g)];
  const failed = all.reduce((sum, [, , count]) => sum + Number(count), 0);
  const skipped = Number(/skipped=(\d+)/.exec(output)?.[1] ?? 0);
  return { passed: Math.max(0, ran - failed - skipped), failed };
}

async function check(title: string, command: string, args: readonly string[]): Promise<Counts> {
  const code = await show(title, command, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs a program with its output shown as it comes. */
function show(
  title: string,
  command: string,
  args: readonly string[],
  onText?: (text: string) => void,
): Promise<number> {
  note(`\n=== ${title}`);
  const { promise, resolve } = Promise.withResolvers<number>();
  const env = {
    ...process.env,
    PATH: pathWith([dirname(process.execPath), BIN], process.env.PATH ?? ""),
  };
  const output = onText ? "pipe" : "inherit";
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", output, output] });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      process.stderr.write(text);
      onText?.(text);
    });
  }
  child.on("error", (error) => {
    note(error.message);
    resolve(127);
  });
  child.on("close", (code) => resolve(code ?? 1));
  return promise;
}
