import { expect, test } from "vitest";
import { chooseSubnet, overlap, parseRoutes } from "../../../commands/setup/subnet.ts";
import { subnetProblem } from "../../../settings/subnets.ts";

const wish = { stack: "dev", site: "a", subnet: "10.80.3.0/24", explicit: false };

test("networks overlap when one holds an address of the other", () => {
  expect(overlap("10.80.3.0/24", "10.80.0.0/16")).toBe(true);
  expect(overlap("10.80.3.0/24", "10.80.3.128/25")).toBe(true);
  expect(overlap("10.80.3.0/24", "10.80.4.0/24")).toBe(false);
  expect(overlap("10.80.3.0/24", "fd00::/64")).toBe(false);
});

test("a free subnet stays", () => {
  expect(chooseSubnet(wish, [{ cidr: "172.17.0.0/16", holder: "bridge" }])).toEqual({
    subnet: "10.80.3.0/24",
  });
});

test("a derived one that is taken moves, always to the same place", () => {
  const taken = [{ cidr: "10.80.0.0/16", holder: "a route" }];
  const first = chooseSubnet(wish, taken);
  expect(first).toEqual(chooseSubnet(wish, taken));
  expect(first.fault).toBeUndefined();
  expect(subnetProblem(first.subnet)).toBeUndefined();
  expect(overlap(first.subnet, "10.80.0.0/16")).toBe(false);
});

test("one that a person chose is a fault that names the holder", () => {
  const taken = [{ cidr: "10.80.3.0/24", holder: "Docker's network other" }];
  const { fault } = chooseSubnet({ ...wish, explicit: true }, taken);
  expect(fault?.problem).toBe("overlaps with Docker's network other");
  expect(fault?.path).toEqual(["sites", "a", "subnet"]);
});

test("routes are read from the kernel's table, without the default one", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "",
  ].join("\n");
  expect(parseRoutes(table)).toEqual([
    { cidr: "172.17.0.0/16", holder: "a route of this machine (docker0)" },
    { cidr: "192.0.2.0/24", holder: "a route of this machine (eth0)" },
  ]);
});
