import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
/** Longest a single command may take: every drill, three times. */
const COMMAND_MS = 60 * 60_000;

/** The launcher's note of the Docker daemon that it started. */
const STARTED = join(".holdfast", "run", "started.json");

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) {
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to);
  }
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never throws for its exit code. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      {
        cwd: options.cwd ?? ROOT,
        env: options.env ?? process.env,
        timeout: COMMAND_MS,
        maxBuffer: 1 << 28,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.on("error", () => {}); // the program may end before it read everything
    child.stdin?.end(options.input ?? "");
  });
}

/** Runs a program that has to succeed, and returns what it printed. */
export async function must(
  program: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  }
  return stdout;
}

export interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline: number;
}

/** A stack of its own, run from a copy of the work folder, with names nobody else has. */
export class LiveStack {
  readonly name = `t${randomBytes(2).toString("hex")}`;
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-live-"));

  /** Copies what git tracks or would track, so that the test never writes into the checkout. */
  async prepare(): Promise<void> {
    const files = await must("git", ["ls-files", "-co", "--exclude-standard", "-z"]);
    for (const file of files.split("\0").filter((name) => name && existsSync(join(ROOT, name)))) {
      cpSync(join(ROOT, file), join(this.folder, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(this.folder, "node_modules"));
    // Whose Docker daemon it is: the drill that kills it touches no other's.
    copyIfThere(join(ROOT, STARTED), join(this.folder, STARTED));
    cpSync(join(ROOT, "Pulumi.dev.yaml"), join(this.folder, `Pulumi.${this.name}.yaml`));
  }

  /** `./holdfast … --stack NAME --yes`, whatever its exit code. */
  try(...args: string[]): Promise<Result> {
    return run(join(this.folder, "holdfast"), [...args, "--stack", this.name, "--yes"], {
      cwd: this.folder,
    });
  }

  /** `./holdfast …`, which has to succeed. */
  async holdfast(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    if (code !== 0) {
      throw new Error(`holdfast ${args.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
    }
    return stdout;
  }

  /** Pulumi's own command line, as a user types it after `eval "$(./holdfast env)"`. */
  async pulumi(line: string): Promise<Result> {
    const script = `eval "$(./holdfast env --stack ${this.name})" && ${line}`;
    return run("bash", ["-c", script], { cwd: this.folder });
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.holdfast(...args, "--json")) as T;
  }

  /** `holdfast-<stack>-a-<alias>` */
  container(alias: string): string {
    return `holdfast-${this.name}-a-${alias}`;
  }

  /** Cluster members as `status` reports them; its exit code tells of alerts too, and is not asked. */
  async members(): Promise<Member[]> {
    const { stdout } = await this.try("status", "--json");
    return (JSON.parse(stdout) as { members: Member[] }).members;
  }

  async leader(): Promise<string> {
    const leader = (await this.members()).find(({ role }) => role === "leader");
    if (leader === undefined) {
      throw new Error("no leader");
    }
    return leader.name;
  }

  /** SQL on one member as superuser, over its socket; rows as text. */
  async sql(member: string, statement: string): Promise<string> {
    const psql = ["psql", "--no-psqlrc", "-At", "-v", "ON_ERROR_STOP=1", "shop"];
    const args = ["exec", "-i", this.container(member), ...psql];
    return (await must("docker", args, { input: statement })).trim();
  }

  /** SQL by a URL of the environment, from inside its network; the URL travels on standard input. */
  sqlBy(url: string, statement: string): Promise<Result> {
    const script = 'IFS= read -r url; exec psql "$url" --no-psqlrc -At -v ON_ERROR_STOP=1';
    return run("docker", ["exec", "-i", this.container("postgres-1"), "sh", "-c", script], {
      input: `${url}\n${statement}\n`,
    });
  }

  /**
   * id and start of each container by alias: equal before and after means nothing was touched. Jobs
   * carry no component and are left out: they may be gone before they are looked at.
   */
  async containers(): Promise<Record<string, string>> {
    const filter = ["--filter", `label=holdfast.stack=${this.name}`];
    filter.push("--filter", "label=holdfast.component");
    const ids = (await must("docker", ["ps", "-aq", ...filter])).split("\n").filter(Boolean);
    const format = "{{.Name}} {{.Id}} {{.State.StartedAt}}";
    const text = ids.length === 0 ? "" : await must("docker", ["inspect", "-f", format, ...ids]);
    const prefix = `/${this.container("")}`;
    return Object.fromEntries(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" "))
        .map(([name = "", ...rest]) => [name.replace(prefix, ""), rest.join(" ")]),
    );
  }

  /** As containers(), but for the starts of instances that the autoscaler starts and stops as it likes. */
  async settled(): Promise<Record<string, string>> {
    const entries = Object.entries(await this.containers());
    const onDemand = /^app-(?![12]$)/; // beyond application.instances.min of Pulumi.dev.yaml
    return Object.fromEntries(
      entries.map(([alias, text]) => [
        alias,
        onDemand.test(alias) ? text.replace(/ .*/, "") : text,
      ]),
    );
  }

  /** Everything on the Docker host that carries this stack's label. */
  async leftovers(): Promise<string[]> {
    const filter = ["--filter", `label=holdfast.stack=${this.name}`];
    const lists = await Promise.all([
      must("docker", ["ps", "-a", "--format", "{{.Names}}", ...filter]),
      must("docker", ["volume", "ls", "-q", ...filter]),
      must("docker", ["network", "ls", "--format", "{{.Name}}", ...filter]),
    ]);
    return lists.flatMap((text) => text.split("\n").filter(Boolean));
  }

  /** Removes what a failed test left, and the copy of the work folder. */
  async remove(): Promise<void> {
    const filter = ["--filter", `label=holdfast.stack=${this.name}`];
    for (const [list, rm] of [
      [
        ["ps", "-aq"],
        ["rm", "-f"],
      ],
      [
        ["volume", "ls", "-q"],
        ["volume", "rm", "-f"],
      ],
      [
        ["network", "ls", "-q"],
        ["network", "rm"],
      ],
    ] as const) {
      const ids = (await must("docker", [...list, ...filter])).split("\n").filter(Boolean);
      if (ids.length > 0) {
        await must("docker", [...rm, ...ids]);
      }
    }
    // The daemon that this launcher ends in the end may be another one now.
    copyIfThere(join(this.folder, STARTED), join(ROOT, STARTED));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Short writing transactions through a pooler for some seconds, by 8 clients of pgbench; a failed
   * one ends it with an error.
   *
   * @returns how many transactions were committed
   */
  async write(url: string, seconds: number): Promise<number> {
    const password = new URL(url.replace(/@[^/]+\//, "@pooler-1/")).password;
    const script =
      "umask 077; cat > /tmp/pass; echo 'INSERT INTO live_writes DEFAULT VALUES;' > /tmp/w.sql; " +
      `PGPASSFILE=/tmp/pass exec pgbench -n -h pooler-1 -p 6432 -U shop -f /tmp/w.sql -c 8 -T ${seconds} shop`;
    const image = await must("docker", [
      "inspect",
      "-f",
      "{{.Config.Image}}",
      this.container("postgres-1"),
    ]);
    const args = ["run", "--rm", "-i", "--network", `holdfast-${this.name}-a-network`];
    args.push("--entrypoint", "sh", image.trim());
    const text = await must("docker", [...args, "-c", script], {
      input: `pooler-1:6432:shop:shop:${password}\n`,
    });
    const failed = /number of failed transactions: (\d+)/.exec(text)?.[1];
    if (failed !== "0") {
      throw new Error(`failed transactions: ${text}`);
    }
    return Number(/transactions actually processed: (\d+)/.exec(text)?.[1]);
  }

  /** Starts `./holdfast up`, and ends its engine with SIGKILL once `when` says so. */
  async killEngineDuringUp(when: () => Promise<boolean>): Promise<void> {
    const up = spawn(join(this.folder, "holdfast"), ["up", "--stack", this.name, "--yes"], {
      cwd: this.folder,
      stdio: "ignore",
    });
    const ended = new Promise<void>((resolve) => up.on("close", () => resolve()));
    // Before the engine comes its preview, and members that leave may take two minutes to be dispensable.
    for (let i = 0; i < 1500 && up.exitCode === null && !(await when()); i++) {
      await sleep(200);
    }
    const engine = await descendant(up.pid ?? 0, "pulumi");
    process.kill(engine, "SIGKILL");
    await ended;
  }
}

/** A URL of the outputs as the containers on the network use it. */
export function inside(url: string): string {
  return url.replace(/@[^/]+\//, "@pooler-1:6432,pooler-2:6432/");
}

/** The tests of a file are steps on one stack: after the first that fails the others are skipped. */
export function runInSteps(stack: Pick<LiveStack, "prepare" | "remove">): void {
  let broken = false;
  beforeAll(() => stack.prepare());
  beforeEach(({ skip, onTestFailed }) => {
    if (broken) {
      skip("an earlier step failed");
    }
    onTestFailed(() => {
      broken = true;
    });
  });
  afterAll(() => stack.remove());
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks again each second until the answer is true. */
export async function eventually(
  what: string,
  seconds: number,
  ask: () => Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    if (await ask().catch(() => false)) {
      return;
    }
    await sleep(1000);
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

/** The process below `parent` whose program has this name; by parentage, never by name alone. */
async function descendant(parent: number, name: string): Promise<number> {
  const table = (await must("ps", ["-eo", "pid=,ppid=,comm="]))
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, ppid, comm]) => ({ pid: Number(pid), ppid: Number(ppid), comm }));
  const below = (pid: number): typeof table =>
    table.filter(({ ppid }) => ppid === pid).flatMap((child) => [child, ...below(child.pid)]);
  const found = below(parent).find(({ comm }) => comm === name);
  if (found === undefined) {
    throw new Error(`no ${name} below process ${parent}`);
  }
  return found.pid;
}
