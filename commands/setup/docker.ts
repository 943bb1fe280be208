import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Docker, HOST_ANSWER_MS } from "../docker.ts";
import { must, run, tail, which } from "../exec.ts";
import { Fault } from "../fault.ts";
import { privatePath } from "../paths.ts";
import { type Progress, step } from "../ui.ts";
import { inspectMachine, installPackages, packageExists } from "./machine.ts";

export const DEFAULT_DOCKER = "unix:///var/run/docker.sock";
const DAEMON_LOG = "/var/log/holdfast-dockerd.log";
const DAEMON_START_MS = 60_000;

/** A Docker host as the settings name it. */
export interface HostWish {
  /** Its key in `hosts`. */
  readonly name: string;
  /** The setting `hosts.<name>.docker`. */
  readonly address: string;
  /** Whether a person chose that address: then it has to be that one. */
  readonly configured: boolean;
}

/** What the launcher started itself, so that `./holdfast test` can end it. */
interface Started {
  readonly dockerd?: { readonly pid: number; readonly log: string };
}

/**
 * A running Docker Engine at the given address; the distribution's is installed and started where it is missing.
 *
 * @param advice what else to type when it does not answer
 * @returns the address that answers
 * @throws Fault that says what to install or type
 */
export function setUpDocker(
  { name, address, configured }: HostWish,
  advice: readonly string[] = [],
): Promise<string> {
  return step("Docker Engine", "looking for it", async (progress) => {
    const client = await which("docker");
    for (const host of client ? await candidates(address, configured) : []) {
      const version = await new Docker(host).version();
      if (version) {
        return { value: host, title: `Docker Engine ${version}`, already: true };
      }
      await refuseWithoutRights(host);
    }
    if (configured && address !== DEFAULT_DOCKER) {
      throw new Fault(
        client
          ? `no Docker Engine answers at ${address}, which is host ${name} (hosts.${name}.docker)`
          : "there is no program docker on PATH",
        ...(client
          ? [`look at: DOCKER_HOST=${address} docker info`]
          : ["type: apt-get install docker.io"]),
        ...(client ? advice : []),
        `or choose another: pulumi config set --path hosts.${name}.docker ${DEFAULT_DOCKER}`,
      );
    }
    await install(progress);
    await start(progress);
    const version = await new Docker(DEFAULT_DOCKER).version();
    return { value: DEFAULT_DOCKER, title: `Docker Engine ${version ?? ""}, started` };
  });
}

/** @throws Fault when an engine is there and this user may not use it */
async function refuseWithoutRights(host: string): Promise<void> {
  const { stderr } = await new Docker(host).run(["version"], { timeoutMs: HOST_ANSWER_MS });
  if (/permission denied/i.test(stderr)) {
    throw new Fault(
      `this user (${userInfo().username}) may not use the Docker Engine at ${host}`,
      `type: sudo usermod --append --groups docker ${userInfo().username}`,
      "then log in anew and repeat; or repeat as root: sudo ./holdfast up",
    );
  }
}

/** Addresses to try, the person's own choice first. */
async function candidates(address: string, configured: boolean): Promise<string[]> {
  if (configured) {
    return [address];
  }
  const fromEnvironment = process.env.DOCKER_HOST;
  if (fromEnvironment) {
    return [fromEnvironment];
  }
  const format = "{{.Endpoints.docker.Host}}";
  const { code, stdout } = await run("docker", ["context", "inspect", "--format", format]);
  const context = code === 0 ? stdout.trim() : "";
  return [...new Set([address, context].filter(Boolean))];
}

async function install(progress: Progress): Promise<void> {
  const machine = inspectMachine();
  const missing = !(await which("dockerd"));
  const client = await which("docker");
  if (!missing && client && machine.root) {
    return;
  }
  if (!machine.debian) {
    throw new Fault(
      `no Docker Engine answers, and it can be installed from here on Debian and Ubuntu only (this is ${machine.name})`,
      "install it: https://docs.docker.com/engine/install/, start it, and repeat",
    );
  }
  if (!machine.root) {
    throw new Fault(
      "no Docker Engine answers, and only root may install or start one",
      missing
        ? "type: sudo apt-get install --yes docker.io && sudo usermod --append --groups docker $USER"
        : "type: sudo systemctl start docker && sudo usermod --append --groups docker $USER",
      "then log in anew and repeat; or repeat as root: sudo ./holdfast up",
    );
  }
  progress("installing docker.io from the distribution");
  const packages = ["docker.io", "iptables"];
  if (!client && (await packageExists("docker-cli"))) {
    packages.push("docker-cli"); // a package of its own from Debian 13 on
  }
  if (kernelUsesAppArmor() && !(await which("apparmor_parser"))) {
    packages.push("apparmor"); // or no container starts
  }
  await installPackages(...packages);
}

function kernelUsesAppArmor(): boolean {
  const file = "/sys/module/apparmor/parameters/enabled";
  return existsSync(file) && readFileSync(file, "utf8").trim() === "Y";
}

async function start(progress: Progress): Promise<void> {
  progress("starting it");
  const docker = new Docker(DEFAULT_DOCKER);
  let ended = false;
  if (existsSync("/run/systemd/system")) {
    await must("starting Docker", "systemctl", ["start", "docker"], { log: "packages" });
  } else if (!(await docker.version())) {
    startDaemon(() => {
      ended = true;
    });
  }
  const end = Date.now() + DAEMON_START_MS;
  for (; Date.now() < end && !ended; await sleep(250)) {
    if (await docker.version()) {
      return;
    }
  }
  const log = existsSync(DAEMON_LOG) ? tail(readFileSync(DAEMON_LOG, "utf8")) : [];
  throw new Fault(
    ended
      ? "the Docker Engine was started and ended at once"
      : `the Docker Engine was started and does not answer after ${DAEMON_START_MS / 1000} s`,
    ...log.map((line) => `| ${line}`),
    existsSync("/run/systemd/system")
      ? "look at: journalctl --unit docker"
      : `the whole log: ${DAEMON_LOG}`,
  );
}

/** Where dockerd and its containerd note who they are; a daemon that was killed leaves them behind. */
const PID_FILES = ["/var/run/docker.pid", "/var/run/docker/containerd/containerd.pid"];

/**
 * Removes the notes of daemons that are no more. They take a process of that number for themselves: a
 * zombie nobody has collected yet, or another program since.
 */
export function forgetDeadDaemons(files: readonly string[] = PID_FILES): void {
  for (const file of files.filter((one) => existsSync(one))) {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    if (!["dockerd", "containerd"].includes(commandOf(pid) ?? "") || isZombie(pid)) {
      rmSync(file, { force: true });
    }
  }
}

function isZombie(pid: number): boolean {
  const file = `/proc/${pid}/status`;
  return existsSync(file) && /^State:\s+Z/m.test(readFileSync(file, "utf8"));
}

/** Without an init system: in the background, in a session of its own, so that no Ctrl-C of ours ends it. */
function startDaemon(onEnd: () => void): void {
  forgetDeadDaemons();
  const output = openSync(DAEMON_LOG, "a");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] });
  daemon.on("error", onEnd);
  daemon.on("exit", onEnd);
  daemon.unref();
  if (daemon.pid) {
    writeStarted({ dockerd: { pid: daemon.pid, log: DAEMON_LOG } });
  }
}

function startedFile(): string {
  return privatePath("run", "started.json");
}

function readStarted(): Started {
  return existsSync(startedFile())
    ? (JSON.parse(readFileSync(startedFile(), "utf8")) as Started)
    : {};
}

function writeStarted(started: Started): void {
  mkdirSync(privatePath("run"), { recursive: true });
  writeFileSync(startedFile(), `${JSON.stringify(started)}\n`);
}

/** The pid of the Docker Engine that the launcher started last, whether it runs or not. */
export function startedDaemon(): number | undefined {
  return readStarted().dockerd?.pid;
}

/** Ends the Docker Engine that the launcher started on this machine, if it did; never another's. */
export async function stopStartedDocker(): Promise<void> {
  const { dockerd } = readStarted();
  if (!dockerd) {
    return;
  }
  rmSync(startedFile(), { force: true });
  const isOurs = () => commandOf(dockerd.pid) === "dockerd";
  if (!isOurs()) {
    return;
  }
  process.kill(dockerd.pid, "SIGTERM");
  for (const end = Date.now() + 60_000; Date.now() < end && isOurs(); ) {
    await sleep(250);
  }
}

/** The name of a process, or undefined when there is none. */
function commandOf(pid: number): string | undefined {
  const file = `/proc/${pid}/comm`;
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}
