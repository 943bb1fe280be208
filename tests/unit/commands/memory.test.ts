import { expect, test } from "vitest";
import { memoryWarning } from "../../../commands/setup/memory.ts";
import { settingsWith } from "../tree/mocks.ts";

test("memory is reckoned per host, and two sites on one are two", async () => {
  const machine = (mebibytes: number) => ({
    run: async () => ({ code: 0, stdout: `${mebibytes * 2 ** 20}\n`, stderr: "" }),
  });
  const one = settingsWith({}, "lab");
  const two = settingsWith({ sites: { a: {}, b: {} } }, "lab");
  const wanted = async (settings: typeof one, name: string) =>
    Number(/use (\d+) MiB/.exec((await memoryWarning(machine(1), settings, name)) ?? "")?.[1]);
  expect(await wanted(two, "h1")).toBeGreaterThan(2 * (await wanted(one, "h1")));
  expect(await memoryWarning(machine(1), one, "h1")).toContain("this machine has 1 MiB");
  const apart = settingsWith(
    {
      hosts: {
        h1: { address: "192.0.2.1" },
        h2: { docker: "tcp://192.0.2.2:2375", address: "192.0.2.2" },
        h3: { docker: "tcp://192.0.2.3:2375", address: "192.0.2.3" },
      },
      sites: { a: { host: "h1" }, b: { host: "h2" } },
      witness: { host: "h3" },
    },
    "lab",
  );
  expect(await memoryWarning(machine(1), apart, "h2")).toContain("host h2 has 1 MiB");
  expect(await memoryWarning(machine(1024), apart, "h3")).toBeUndefined();
});
