/**
 * Two Docker daemons on this machine, each in a network namespace of its own with a switch between them, so
 * that addresses and ports across hosts are real. Needs root, `ip`, `nsenter`, and dockerd.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, must, run } from "./stack.ts";

const ADDRESSES = { h1: "10.213.7.11", h2: "10.213.7.12" } as const;
/** This machine's own end, for the launcher. */
const OWN = "10.213.7.1";
const NET = "10.213.7.0/24";
/** The daemons build images: their way to the package servers. Docker's own rules would drop it. */
const WAY_OUT = [
  ["nat", "POSTROUTING", "-s", NET, "!", "-d", NET, "-j", "MASQUERADE"],
  ["filter", "FORWARD", "-s", NET, "-j", "ACCEPT"],
  ["filter", "FORWARD", "-d", NET, "-j", "ACCEPT"],
] as const;
const PORT = 2375;

export class TwoDaemons {
  readonly sites = { a: "h1", b: "h2" } as const;
  readonly #folder = mkdtempSync(join(tmpdir(), "holdfast-daemons-"));
  readonly #pids: number[] = [];
  /** Names that nobody else has; an interface's name has 15 letters at most. */
  readonly #tag = `hf${process.pid % 100_000}`;

  get hosts(): Record<string, { docker: string; address: string }> {
    const entries = Object.entries(ADDRESSES).map(([name, address]) => {
      return [name, { docker: `tcp://${address}:${PORT}`, address }] as const;
    });
    return Object.fromEntries(entries);
  }

  dockerOf(site: string): string {
    return `tcp://${ADDRESSES[site === "a" ? "h1" : "h2"]}:${PORT}`;
  }

  async start(): Promise<void> {
    const bridge = `${this.#tag}s`;
    // The switch in a namespace of its own: Docker's rules in the root one drop what is forwarded.
    await this.#ip(["netns", "add", bridge]);
    await this.#in(bridge, ["link", "add", "sw", "type", "bridge"]);
    await this.#in(bridge, ["link", "set", "sw", "up"]);
    await this.#plug(bridge, "own", undefined, OWN);
    for (const [table, chain, ...rule] of WAY_OUT) {
      await must("iptables", ["-w", "-t", table, "-I", chain, ...rule]);
    }
    for (const [name, address] of Object.entries(ADDRESSES)) {
      const space = `${this.#tag}${name}`;
      await this.#ip(["netns", "add", space]);
      await this.#in(space, ["link", "set", "lo", "up"]);
      await this.#plug(bridge, name, space, address);
      await this.#in(space, ["route", "add", "default", "via", OWN]);
      this.#daemon(name, space, address);
    }
    for (const site of ["a", "b"]) {
      const env = { ...process.env, DOCKER_HOST: this.dockerOf(site) };
      await eventually(`Docker of site ${site}`, 60, async () => {
        return (await run("docker", ["version"], { env })).code === 0;
      });
    }
  }

  /** Cuts what goes between the two hosts, not the launcher's way to either. */
  async cut(isCut: boolean): Promise<void> {
    const verb = isCut ? "-I" : "-D";
    const net = `--net=/run/netns/${this.#tag}h1`;
    for (const chain of ["INPUT", "FORWARD"]) {
      await must("nsenter", [net, "iptables", verb, chain, "-s", ADDRESSES.h2, "-j", "DROP"]);
    }
  }

  /** Ends the daemons that were started here, by their ids, and what they left. */
  async stop(): Promise<void> {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, "SIGTERM");
      } catch {
        continue; // it ended already
      }
      await eventually(`the end of process ${pid}`, 60, async () => !isAlive(pid));
    }
    for (const [table, chain, ...rule] of WAY_OUT) {
      await run("iptables", ["-w", "-t", table, "-D", chain, ...rule]);
    }
    for (const name of ["s", "h1", "h2"]) {
      await run("ip", ["netns", "del", `${this.#tag}${name}`]);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #daemon(name: string, space: string, address: string): void {
    const folder = join(this.#folder, name);
    // `ip netns exec` would hide the control groups.
    const inside = [`--net=/run/netns/${space}`, "unshare", "-u", "sh", "-c"];
    const daemon = [
      `hostname ${name} && exec dockerd --data-root ${folder}/data --exec-root ${folder}/run`,
      `--pidfile ${folder}/pid -H tcp://${address}:${PORT} --tls=false --cgroup-parent /${space}`,
    ].join(" ");
    const log = openSync(join(this.#folder, `${name}.log`), "a");
    const child = spawn("nsenter", [...inside, daemon], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    child.unref();
    // nsenter, unshare and sh each become the next one: it is the daemon's own id.
    this.#pids.push(child.pid ?? 0);
  }

  async #plug(
    bridge: string,
    name: string,
    space: string | undefined,
    address: string,
  ): Promise<void> {
    const [here, there] = [`${this.#tag}${name}`, `${this.#tag}${name}p`];
    await this.#ip(["link", "add", here, "type", "veth", "peer", "name", there]);
    await this.#ip(["link", "set", there, "netns", bridge]);
    await this.#in(bridge, ["link", "set", there, "master", "sw", "up"]);
    if (space !== undefined) {
      await this.#ip(["link", "set", here, "netns", space]);
    }
    const on = (args: string[]) => (space === undefined ? this.#ip(args) : this.#in(space, args));
    await on(["addr", "add", `${address}/24`, "dev", here]);
    await on(["link", "set", here, "up"]);
  }

  #ip(args: string[]): Promise<string> {
    return must("ip", args);
  }

  #in(space: string, args: string[]): Promise<string> {
    return must("ip", ["-n", space, ...args]);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
