import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { copyWorkTree } from "./copy.ts";
import { must, type Ran, type Running, run, start } from "./process.ts";

/** One container, as `docker inspect` shows it. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  readonly State: {
    readonly StartedAt: string;
    readonly Status: string;
    readonly Health?: { readonly Status: string };
  };
}

export interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline: number | null;
}

export interface Status {
  readonly members: readonly Member[];
  readonly instances: readonly { readonly name: string; readonly state: string }[];
  readonly services: readonly { readonly name: string; readonly state: string }[];
}

/** A whole `up` on a slow machine; a hang ends here. */
const OPERATION_MS = 400_000;
const KINDS = ["container", "volume", "network"] as const;

/** A stack of its own in a copy of the work tree, driven as a person drives it: by ./holdfast and pulumi. */
export class Environment {
  readonly stack = `t${randomBytes(2).toString("hex")}`;
  readonly folder = copyWorkTree(this.stack);
  private readonly images = new Set<string>();

  /** `./holdfast <args> --stack <this>`; the exit code is for the caller to judge. */
  holdfast(...args: string[]): Promise<Ran> {
    return this.startHoldfast(...args).ended;
  }

  /** The same, while it runs. */
  startHoldfast(...args: string[]): Running {
    const all = [...args, "--stack", this.stack, "--yes"];
    const options = { cwd: this.folder, env: ownEnvironment(), input: "", timeoutMs: OPERATION_MS };
    return start("./holdfast", all, options);
  }

  /** The same, which has to succeed. */
  async mustHoldfast(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.holdfast(...args);
    if (code !== 0) {
      const logs = await this.sickLogs();
      throw new Error(
        `holdfast ${args.join(" ")}: exit code ${code}\n${stdout}\n${stderr}\n${logs}`,
      );
    }
    return stdout;
  }

  /** A plain `pulumi`, typed in a shell after `eval "$(./holdfast env)"`. */
  pulumi(...args: string[]): Promise<string> {
    const line = `eval "$(./holdfast env --stack "$0")" && exec pulumi "$@"`;
    const options = { cwd: this.folder, env: ownEnvironment(), timeoutMs: OPERATION_MS };
    return must("bash", ["-c", line, this.stack, ...args, "--non-interactive"], options);
  }

  /** The stack's outputs, with secrets in plain. */
  async outputs(): Promise<Record<string, string>> {
    return JSON.parse(await this.mustHoldfast("outputs", "--show-secrets", "--json"));
  }

  /** What `./holdfast status` says; its exit code also judges alerts, which come and go with the tests. */
  async status(): Promise<Status> {
    return JSON.parse((await this.holdfast("status", "--json")).stdout);
  }

  async leader(): Promise<string> {
    const { members } = await this.status();
    const found = members.find(({ role }) => role === "leader");
    if (!found) {
      throw new Error(`no leader: ${JSON.stringify(members)}`);
    }
    return found.name;
  }

  /** A container's name by its name on the network, e.g. `postgres-1`. */
  named(alias: string): string {
    return `holdfast-${this.stack}-a-${alias}`;
  }

  /** Every container of the stack, of one tier where a component is given; ordered by name. */
  async containers(component?: string): Promise<Container[]> {
    const filters = [`label=holdfast.stack=${this.stack}`];
    if (component) {
      filters.push(`label=holdfast.component=${component}`);
    }
    const listed = await must("docker", [
      ...["ps", "--all", "--quiet", "--no-trunc"],
      ...filters.flatMap((filter) => ["--filter", filter]),
    ]);
    const ids = listed.split("\n").filter(Boolean);
    if (ids.length === 0) {
      return [];
    }
    const found = JSON.parse(await must("docker", ["inspect", ...ids])) as Container[];
    for (const { Config } of found) {
      this.images.add(Config.Image);
    }
    return found.sort((a, b) => a.Name.localeCompare(b.Name));
  }

  /** A program inside a container; `input` goes to its standard input. */
  exec(alias: string, command: readonly string[], input = ""): Promise<Ran> {
    return run("docker", ["exec", "--interactive", this.named(alias), ...command], { input });
  }

  /** SQL on one member, as its administrator: rows of columns separated by `|`. */
  async sql(member: string, text: string): Promise<string> {
    const psql = "psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 shop";
    const { code, stdout, stderr } = await this.exec(member, psql.split(" "), text);
    if (code !== 0) {
      throw new Error(`${member}: ${stderr}`);
    }
    return stdout.trim();
  }

  /** Names of everything on Docker that carries this stack's label or name. */
  async belongings(): Promise<string[]> {
    const format = "{{if .Name}}{{.Name}}{{end}}";
    const lists = await Promise.all(
      KINDS.map(async (kind) => {
        const [list, name] =
          kind === "container" ? ["ps --all", "{{.Names}}"] : [`${kind} ls`, format];
        const command = [...list.split(" "), "--format", name];
        const filters = [`label=holdfast.stack=${this.stack}`, `name=holdfast-${this.stack}-`];
        const texts = await Promise.all(
          filters.map((filter) => must("docker", [...command, "--filter", filter])),
        );
        return texts
          .flatMap((text) => text.split("\n").filter(Boolean))
          .map((one) => `${kind} ${one}`);
      }),
    );
    return [...new Set(lists.flat())];
  }

  /** The last words of containers that are not well; empty when all are. */
  async sickLogs(): Promise<string> {
    const sick = (await this.containers()).filter(
      ({ State }) =>
        State.Status !== "running" || (State.Health?.Status ?? "healthy") !== "healthy",
    );
    const texts = sick.map(async ({ Id, Name, State }) => {
      const { stdout, stderr } = await run("docker", ["logs", "--tail", "30", Id]);
      return `--- ${Name} ${State.Status} ${State.Health?.Status ?? ""}\n${stdout}${stderr}`;
    });
    return (await Promise.all(texts)).join("\n");
  }

  /** Removes all that carries this stack's label, whatever the tests left, and the copied folder. */
  async remove(): Promise<void> {
    for (const kind of KINDS) {
      const found = (await this.belongings()).filter((one) => one.startsWith(`${kind} `));
      const names = found.map((one) => one.slice(kind.length + 1));
      if (names.length > 0) {
        await run("docker", [kind, "rm", "--force", ...names], { timeoutMs: 120_000 });
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without what a shell that runs the tests may know of another stack. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(PULUMI_|HOLDFAST_|VITEST|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
