import type { Settings } from "../settings.ts";
import { must, type RunOptions, type RunResult, run, tail } from "./exec.ts";
import { Fault } from "./fault.ts";

/** One container, volume or network of a stack, as Docker lists it. */
export interface DockerObject {
  readonly kind: "container" | "volume" | "network";
  /** Docker's id; a volume's name. */
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A host that is gone may hold a connection for minutes; one that is there lists within a second. */
export const HOST_ANSWER_MS = 15_000;

/** A Docker host from which no answer came. */
export class HostSilent extends Fault {
  constructor(message: string, ...advice: string[]) {
    super(message, ...advice);
    this.name = "HostSilent";
  }
}

/** Why a host could not be asked, in its own words where it has any. Pure. */
export function silence(
  { host, answerMs }: Pick<Docker, "host" | "answerMs">,
  what: string,
  { code, stderr }: RunResult,
): HostSilent {
  const late = `nothing within ${answerMs / 1000} s`;
  const said = code === 124 ? late : (tail(stderr, 1)[0] ?? `exit code ${code}`);
  return new HostSilent(`${what}: ${said}`, `look at: DOCKER_HOST=${host} docker info`);
}

/** The command-line client, bound to one Docker host. */
export class Docker {
  readonly host: string;
  readonly answerMs: number;

  /**
   * @param host Docker's address: `unix:///path`, `ssh://user@host` or `tcp://host:port`
   * @param answerMs a host that lists nothing for so long is silent, in milliseconds. @default HOST_ANSWER_MS
   */
  constructor(host: string, answerMs = HOST_ANSWER_MS) {
    this.host = host;
    this.answerMs = answerMs;
  }

  /** Runs `docker …`; never throws for its exit code. */
  run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run("docker", args, { ...options, env: this.environment(options.env) });
  }

  /** Runs `docker …`, which has to succeed. @throws Fault */
  must(what: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return must(what, "docker", args, { ...options, env: this.environment(options.env) });
  }

  private environment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
    return { ...env, DOCKER_HOST: this.host };
  }

  /** The engine's version, or undefined when nothing answers. */
  async version(): Promise<string | undefined> {
    const { code, stdout } = await this.run(["version", "--format", "{{.Server.Version}}"], {
      timeoutMs: this.answerMs,
    });
    return code === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
  }

  async hasImage(reference: string): Promise<boolean> {
    const { code } = await this.run(["image", "inspect", "--format", "{{.Id}}", reference]);
    return code === 0;
  }

  /**
   * Every container (running or not), volume and network with the label `holdfast.stack=<stack>`.
   *
   * @throws HostSilent
   */
  async objectsOf(stack: string): Promise<DockerObject[]> {
    const filter = ["--filter", `label=holdfast.stack=${stack}`];
    const lists = await Promise.all([
      this.list("container", ["ps", "--all", "--no-trunc", "--quiet", ...filter]),
      this.volumesOf(stack),
      this.list("network", ["network", "ls", "--no-trunc", "--quiet", ...filter]),
    ]);
    return lists.flat();
  }

  /** Every volume with the label `holdfast.stack=<stack>`. @throws HostSilent */
  volumesOf(stack: string): Promise<DockerObject[]> {
    const filter = ["--filter", `label=holdfast.stack=${stack}`];
    return this.list("volume", ["volume", "ls", "--quiet", ...filter]);
  }

  private async list(kind: DockerObject["kind"], args: string[]): Promise<DockerObject[]> {
    const what = `the Docker host ${this.host} does not list ${kind}s`;
    const listed = await this.run(args, { timeoutMs: this.answerMs });
    if (listed.code !== 0) {
      throw silence(this, what, listed);
    }
    const ids = listed.stdout.split("\n").filter(Boolean);
    if (ids.length === 0) {
      return [];
    }
    // What vanishes between the two calls is left out, and the rest is still printed.
    const words = ["inspect", "--type", kind, ...ids];
    const inspected = await this.run(words, { timeoutMs: this.answerMs });
    if (inspected.code === 124) {
      throw silence(this, what, inspected);
    }
    const found = JSON.parse(inspected.stdout || "[]") as Inspected[];
    return found.map((object) => ({
      kind,
      id: object.Id ?? object.Name,
      name: object.Name.replace(/^\//, ""),
      labels: object.Config?.Labels ?? object.Labels ?? {},
    }));
  }
}

interface Inspected {
  readonly Id?: string;
  readonly Name: string;
  readonly Labels?: Record<string, string>;
  readonly Config?: { readonly Labels?: Record<string, string> };
}

/** The client of a site's Docker host. @param answerMs as Docker's */
export function dockerOf(
  { hosts, sites }: Pick<Settings, "hosts" | "sites">,
  site: string,
  answerMs?: number,
): Docker {
  return new Docker(hosts[sites[site]?.host ?? ""]?.docker ?? "", answerMs);
}
