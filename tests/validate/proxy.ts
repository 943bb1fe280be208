/** A Docker proxy before the real Docker, and requests to it byte for byte. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { socketOf } from "../../components/docker/dockerProxy.ts";
import { docker, imageFor, newName, settings } from "./images.ts";

const CONFIG = "/etc/haproxy.cfg";
export const SOCKET = "/run/docker-proxy/docker.sock";
/** The first line of an answer, or one that says that there was none. */
const STATUS_LINE = `awk 'NR == 1 { print } END { if (NR == 0) print "HTTP/1.1 000" }'`;

export class TriedProxy {
  readonly name = newName();
  readonly gid: number;
  readonly #volume = newName();
  /** Docker's id of the proxy's container; empty before {@link start}. */
  id = "";

  /** @param gid the client's group */
  constructor(gid: number) {
    this.gid = gid;
  }

  /** Starts it as the program does, and waits until it answers. */
  async start(config: string): Promise<void> {
    const host = Object.values(settings.hosts)[0]?.docker ?? "";
    const image = await imageFor("haproxy");
    await must(["volume", "create", this.#volume]);
    this.id = await must([
      ...["create", "--name", this.name, "--network", "none", "--user", `0:${this.gid}`],
      ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"],
      ...["--label", `holdfast.test=${this.name}`],
      ...["--tmpfs", "/run/haproxy:rw,nosuid,nodev,noexec,size=1m,uid=0,gid=0,mode=0700"],
      ...["--env", `HOLDFAST_CONFIG=${CONFIG}`, "--volume", `${this.#volume}:/run/docker-proxy`],
      ...["--volume", `${socketOf(host)}:/run/docker.sock:ro`, image],
    ]);
    await this.#copyIn(config);
    await must(["start", this.name]);
    const ping = get("/_ping");
    await vi.waitFor(async () => expect(await this.answers([ping])).toEqual(["200"]), 10_000);
  }

  async remove(): Promise<void> {
    await docker(["rm", "--force", this.name]);
    await docker(["volume", "rm", this.#volume]);
  }

  /** The status of the answer to each request, "000" for none. */
  async answers(requests: readonly string[]): Promise<string[]> {
    const output = await this.ask(requests, STATUS_LINE);
    return output
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[1] ?? line);
  }

  /** Sends each request, byte for byte, as the client's group; `filter` sees each answer. */
  async ask(requests: readonly string[], filter: string): Promise<string> {
    const script = `while read -r request; do
    printf %s "$request" | base64 -d | socat -T 2 -,ignoreeof unix-connect:${SOCKET} | ${filter}
  done`;
    const lines = requests.map(
      (request) => `${Buffer.from(request, "latin1").toString("base64")}\n`,
    );
    const user = `997:${this.gid}`;
    const command = ["exec", "--interactive", "--user", user, this.name, "bash", "-c", script];
    return (await docker(command, lines.join(""))).output;
  }

  async #copyIn(config: string): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "hfval-"));
    try {
      writeFileSync(join(folder, "haproxy.cfg"), config, { mode: 0o644 });
      await must(["cp", join(folder, "haproxy.cfg"), `${this.name}:${CONFIG}`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** A request without a body, unless one is given. */
export function request(method: string, target: string, header = "", body = ""): string {
  const more = header === "" ? "" : `${header}\r\n`;
  return `${method} ${target} HTTP/1.1\r\nHost: d\r\n${more}\r\n${body}`;
}

export function get(target: string, header = "", body = ""): string {
  return request("GET", target, header, body);
}

/** Runs docker. @throws Error with its output when it fails */
export async function must(args: readonly string[]): Promise<string> {
  const { code, output } = await docker(args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${output}`);
  return output.trim();
}
