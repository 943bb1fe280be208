import type { Docker } from "../docker.ts";

/** How long a registry may take to answer at all. */
const REACH_MS = 5_000;
/** Without a way to ask the registry ourselves: how long a pull may take until its first word. */
const FIRST_WORD_MS = 20_000;
const PULL_MS = 15 * 60_000;

/** Pulls images, and asks each registry once whether it can be reached: blocked networks often just drop packets. */
export class Registries {
  private readonly docker: Docker;
  private readonly reachable = new Map<string, Promise<boolean>>();

  constructor(docker: Docker) {
    this.docker = docker;
  }

  /** Whether the image is on the Docker host, after pulling it where that is possible. */
  async provide(reference: string, log = "images"): Promise<boolean> {
    if (await this.docker.hasImage(reference)) {
      return true;
    }
    const registry = registryOf(reference);
    let answer = this.reachable.get(registry);
    if (!answer) {
      answer = this.probe(registry);
      this.reachable.set(registry, answer);
    }
    if (!(await answer)) {
      return false;
    }
    const { code } = await this.docker.run(["pull", reference], { log, timeoutMs: PULL_MS });
    return code === 0;
  }

  private async probe(registry: string): Promise<boolean> {
    if (await this.goesByAnotherWay()) {
      return this.startsToPull(registry);
    }
    try {
      await fetch(`https://${registry}/v2/`, { signal: AbortSignal.timeout(REACH_MS) });
      return true; // 401 as well: it asks for a token, which Docker gets by itself
    } catch {
      return false;
    }
  }

  /** A proxy or a mirror of the daemon's own, or a daemon elsewhere: then what this process reaches proves nothing. */
  private async goesByAnotherWay(): Promise<boolean> {
    if (!this.docker.host.startsWith("unix://")) {
      return true;
    }
    const format = "{{.HTTPSProxy}}{{.HTTPProxy}}{{range .RegistryConfig.Mirrors}}{{.}}{{end}}";
    const { stdout } = await this.docker.run(["info", "--format", format]);
    return stdout.trim() !== "";
  }

  private async startsToPull(registry: string): Promise<boolean> {
    const spoke = new AbortController();
    const timer = setTimeout(() => spoke.abort(), FIRST_WORD_MS);
    const image = registry === HUB ? "hello-world" : `${registry}/holdfast/probe`;
    let found = false;
    const { stderr } = await this.docker.run(["pull", image], {
      log: "images",
      signal: spoke.signal,
      onLine: (line) => {
        found ||= /Pulling from|Digest:/.test(line);
      },
    });
    clearTimeout(timer);
    // "denied" and "not found" are answers of a registry that was reached.
    return found || /denied|not found|unauthorized|manifest unknown/.test(stderr);
  }
}

const HUB = "registry-1.docker.io";

/** The host that serves an image reference. Pure. */
export function registryOf(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return named && first !== "docker.io" ? first : HUB;
}
