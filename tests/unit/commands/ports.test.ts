import { expect, test } from "vitest";
import {
  choosePorts,
  type PortWish,
  parsePublished,
  portAnswers,
  portWishes,
} from "../../../commands/setup/ports.ts";
import { settingsWith } from "../tree/mocks.ts";

const wish = (path: (string | number)[], port: number, explicit = false): PortWish => ({
  path: ["ports", ...path],
  port,
  explicit,
});
const holding =
  (...taken: number[]) =>
  async (port: number) =>
    taken.includes(port) ? "nginx (process 7)" : undefined;

test("free ports stay, and nothing is recorded", async () => {
  const { choices, faults } = await choosePorts([wish(["app"], 8080)], holding());
  expect(portAnswers(choices)).toEqual({});
  expect(faults).toEqual([]);
});

test("a default that is taken moves to the next free one that nobody wishes", async () => {
  const wishes = [wish(["app"], 8080), wish(["grafana"], 8082)];
  const { choices } = await choosePorts(wishes, holding(8080, 8081));
  expect(portAnswers(choices)).toEqual({ ports: { app: 8083 } });
});

test("two that must move do not meet, and a list is recorded whole", async () => {
  const wishes = [wish(["pooler", 0], 6432), wish(["pooler", 1], 6433)];
  const { choices } = await choosePorts(wishes, holding(6433));
  expect(portAnswers(choices)).toEqual({ ports: { pooler: [6432, 6434] } });
  const both = await choosePorts(wishes, holding(6432, 6433));
  expect(portAnswers(both.choices)).toEqual({ ports: { pooler: [6434, 6435] } });
});

test("the name server's port is wished where there is one, and recorded by its own key", async () => {
  const wishes = (config: object) => portWishes(settingsWith({ ...config }), {});
  expect(wishes({}).some(({ path }) => path[0] === "dns")).toBe(false);
  const named = wishes({ dns: { zone: "example.org" } });
  expect(named.at(-1)).toEqual({ path: ["dns", "port"], port: 8053, explicit: false });
  const { choices } = await choosePorts(named, holding(8053));
  expect(portAnswers(choices)).toEqual({ dns: { port: 8054 } });
});

test("a port that a person chose is a fault with its holder and a free one", async () => {
  const { choices, faults } = await choosePorts([wish(["app"], 80, true)], holding(80));
  expect(choices).toEqual([]);
  expect(faults).toEqual([
    {
      path: ["ports", "app"],
      problem: "taken by nginx (process 7)",
      mend: { set: { path: ["ports", "app"], value: 81 } },
    },
  ]);
});

test("published ports are read from docker ps, ranges and both address families", () => {
  const published = parsePublished(
    [
      "holdfast-dev-a-edge\tdev\t127.0.0.1:8080->8080/tcp",
      "web\t\t0.0.0.0:80->80/tcp, [::]:80->80/tcp, 9000/tcp",
      "many\t\t0.0.0.0:7000-7002->7000-7002/tcp",
      "none\tdev\t",
    ].join("\n"),
  );
  expect([...published.keys()]).toEqual([8080, 80, 7000, 7001, 7002]);
  expect(published.get(8080)).toEqual({ name: "holdfast-dev-a-edge", stack: "dev" });
});
