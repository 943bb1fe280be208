import { expect, test } from "vitest";
import type { Docker } from "../../../commands/docker.ts";
import { chooseAddresses, hostsOf } from "../../../commands/setup/freeAddresses.ts";
import { merge, type Tree, valueAt } from "../../../settings/tree.ts";
import { settingsWith } from "../tree/mocks.ts";

/** A Docker host elsewhere, with one other container and one other network. */
function host(ports: readonly number[], subnet = "172.17.0.0/16"): Docker {
  const listed = ports.map((port) => `127.0.0.1:${port}->1/tcp`).join(", ");
  const answer = async ([command, verb]: readonly string[]) => {
    const stdout =
      command === "ps"
        ? `other\t\t${listed}\n`
        : verb === "ls"
          ? "n1\n"
          : verb === "inspect"
            ? `other\t\t${subnet} \n`
            : "";
    return { code: 0, stdout, stderr: "" };
  };
  return {
    host: "tcp://192.0.2.9:2375",
    run: answer,
    must: (_: string, args: string[]) => answer(args),
  } as unknown as Docker;
}

const HOSTS = {
  hosts: {
    h1: { docker: "tcp://192.0.2.1:2375", address: "192.0.2.1" },
    h2: { docker: "tcp://192.0.2.2:2375", address: "192.0.2.2" },
    h3: { docker: "tcp://192.0.2.3:2375", address: "192.0.2.3" },
  },
  sites: { a: { host: "h1" }, b: { host: "h2" } },
  witness: { host: "h3" },
};

async function answersOf(config: Tree, hosts: Record<string, Docker>): Promise<Tree> {
  const settings = settingsWith(config, "lab");
  return (await chooseAddresses({ name: "lab", settings, config }, hosts)).reduce(merge, {});
}

test("a host with the witness alone is looked at, too", async () => {
  const { witness } = settingsWith(HOSTS, "lab");
  const third = host([7442], witness?.subnet);
  const answers = await answersOf(HOSTS, { h1: host([]), h2: host([]), h3: third });
  expect(answers.ports).toEqual({ witness: 7443 });
  expect(valueAt(answers, ["witness", "subnet"])).toMatch(/^10\./);
  expect(valueAt(answers, ["witness", "subnet"])).not.toBe(witness?.subnet);
  // It is not asked for what it does not publish.
  const busy = host([8080, 9090, 7432]);
  expect((await answersOf(HOSTS, { h1: host([]), h2: host([]), h3: busy })).ports).toBeUndefined();
});

test("a port is free only where both sites' hosts have it", async () => {
  const hosts = { h1: host([8080]), h2: host([8082, 8083]), h3: host([]) };
  expect((await answersOf(HOSTS, hosts)).ports).toEqual({ app: 8084 });
  const config = { ...HOSTS, ports: { app: 8082 } };
  await expect(answersOf(config, hosts)).rejects.toThrow("taken by container other on host h2");
});

test("the second site's offset is checked against the ports that were chosen", async () => {
  const config = { hosts: { h1: { docker: "tcp://192.0.2.1:2375" } }, sites: { a: {}, b: {} } };
  expect(await answersOf(config, { h1: host([8080]) })).toMatchObject({ ports: { app: 8082 } });
  const offset = async (...ports: number[]) =>
    valueAt(await answersOf(config, { h1: host(ports) }), ["sites", "b", "portOffset"]);
  expect(await offset(8080)).toBeUndefined();
  expect(await offset(8080, 18080)).toBeUndefined();
  expect(await offset(8080, 18082)).toBe(10_100);
});

test("what a host publishes", () => {
  const settings = settingsWith({ ...HOSTS, dns: { zone: "example.org", host: "h3" } });
  expect(hostsOf(settings, ["ports", "app"])).toEqual(["h1", "h2"]);
  expect(hostsOf(settings, ["ports", "witness"])).toEqual(["h3"]);
  expect(hostsOf(settings, ["dns", "port"])).toEqual(["h3"]);
});
