import { describe, expect, test, vi } from "vitest";
import { provisionAndRestore } from "../../../commands/restore/kitProvision.ts";
import type { RestoreOptions, RestoreRequest } from "../../../commands/restore/types.ts";

const calls = vi.hoisted(() => ({ up: [] as unknown[], follow: [] as unknown[] }));
vi.mock("../../../commands/up.ts", () => ({
  up: async (options: unknown) => void calls.up.push(options),
}));
vi.mock("../../../commands/restore/follow.ts", () => ({
  followRestore: async (request: unknown) => {
    calls.follow.push(request);
    return { member: "postgres-1" };
  },
}));

const request = { settings: { stack: "dev" }, repository: "cloud", fresh: true };

describe("a stack made and restored side by side", () => {
  test.each([true, false])("json %s: up prints only where it is not in the way", async (json) => {
    calls.up.length = calls.follow.length = 0;
    const options = { json, stack: "other" } as RestoreOptions;
    const outcome = await provisionAndRestore(options, request as unknown as RestoreRequest);
    expect(outcome).toEqual({ member: "postgres-1" });
    expect(calls.up).toEqual([{ json, stack: "dev", refresh: false, silent: json }]);
    expect(calls.follow).toMatchObject([{ repository: "cloud", fresh: true }]);
  });
});
