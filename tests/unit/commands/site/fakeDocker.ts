/**
 * A `docker` that knows two sites on two hosts, with an agent in each that speaks the contract of
 * `holdfast-site`. Run as a program; its world is the JSON file FAKE_DOCKER_WORLD.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

export interface FakeSite {
  /** What DOCKER_HOST says for its host. */
  readonly host: string;
  /** Whether that answers. */
  readonly up: boolean;
  /** Whether Docker obeys a stop. */
  readonly stubborn?: boolean;
  readonly containers: Record<string, string>;
  /** Data volumes of database members, by name `lab-<site>-postgres-<n>-data`; undefined: they are not listed. */
  readonly volumes?: readonly string[] | undefined;
  readonly agent: Record<string, unknown>;
}

export type FakeWorld = Record<string, FakeSite>;

const file = process.env.FAKE_DOCKER_WORLD ?? "";
const world = JSON.parse(readFileSync(file, "utf8")) as FakeWorld;
const args = process.argv.slice(2);
appendFileSync(`${file}.log`, `${args.join(" ")}\n`);

const found = Object.entries(world).find(([, { host }]) => host === process.env.DOCKER_HOST);
if (found === undefined || !found[1].up) {
  process.stderr.write("Cannot connect to the Docker daemon\n");
  process.exit(1);
}
const [name, site] = found;

switch (args[0]) {
  case "ps":
    if (args.includes("--quiet")) {
      process.stdout.write(`${Object.keys(site.containers).join("\n")}\n`);
      break;
    }
    for (const [container, state] of Object.entries(site.containers)) {
      const component = container.replace(/^lab-[ab]-/, "").replace(/-\d+$/, "");
      process.stdout.write(`${container}\t${component}\t${state}\n`);
    }
    break;
  case "inspect":
    process.stdout.write(
      JSON.stringify(args.slice(3).map(args[2] === "volume" ? inspectedVolume : inspected)),
    );
    break;
  case "volume":
    if (site.volumes === undefined) {
      process.stderr.write("no volumes here\n");
      process.exit(1);
    }
    process.stdout.write(`${site.volumes.join("\n")}\n`);
    break;
  case "stop":
    for (const container of args.slice(3).filter(() => !site.stubborn)) {
      site.containers[container] = "exited";
    }
    break;
  case "start":
    for (const container of args.slice(1)) {
      site.containers[container] = "running";
    }
    break;
  case "exec":
    if (args[2] !== "holdfast-site") {
      process.exit(1); // nothing else answers here
    }
    exec(args.slice(3));
    break;
  default:
    process.exit(64);
}
// Two of them read at once: who changes nothing writes nothing.
if (!["ps", "inspect", "volume"].includes(args[0] ?? "")) {
  writeFileSync(file, JSON.stringify(world));
}

function inspected(container: string): object {
  const alias = container.replace(/^lab-[ab]-/, "");
  const [, component = alias, number] = /^(.*)-(\d+)$/.exec(alias) ?? [];
  const labels = {
    "holdfast.component": component,
    ...(number === undefined ? {} : { "holdfast.instance": number }),
  };
  const status = site.containers[container];
  return { Name: `/${container}`, State: { Status: status }, Config: { Labels: labels } };
}

function inspectedVolume(volume: string): object {
  const [, number] = /^lab-[ab]-postgres-(\d+)-data$/.exec(volume) ?? [];
  const labels = { "holdfast.site": name, "holdfast.component": "postgres" };
  return { Name: volume, Labels: { ...labels, "holdfast.instance": number } };
}

function exec(words: readonly string[]): void {
  const [verb = ""] = words;
  const value = (flag: string) => words[words.indexOf(flag) + 1];
  const epoch = Number(value("--epoch"));
  const { agent } = site;
  if (verb !== "status" && verb !== "release" && epoch < Number(agent.epoch)) {
    say(
      { error: `epoch ${epoch} is older than ${agent.epoch}`, next: "./holdfast site status" },
      1,
    );
  }
  if (verb === "drain") {
    Object.assign(agent, { role: "draining", epoch });
  } else if (verb === "promote" || verb === "activate") {
    Object.assign(agent, { role: "active", active: name, epoch, streaming: false });
  } else if (verb === "demote") {
    const change = { role: "standby", active: value("--follow"), epoch, streaming: true };
    Object.assign(agent, change, { method: "rewind", lagBytes: 0, lagSeconds: 0 });
  }
  if (verb !== "status") {
    writeFileSync(file, JSON.stringify(world));
  }
  say(agent, 0);
}

function say(answer: object, code: number): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  process.exit(code);
}
