/** What `preview` returns and says, by what it found. */
import { beforeEach, expect, test, vi } from "vitest";
import { preview } from "../../../commands/preview.ts";

const { found } = vi.hoisted(() => ({ found: { code: 0, changes: [] as unknown[] } }));
vi.mock("../../../commands/setup/setUp.ts", () => ({
  setUp: () => Promise.resolve({ stack: { settings: {} }, hosts: {} }),
}));
vi.mock("../../../commands/engine/workspace.ts", () => ({
  openStack: () => Promise.resolve({ name: "dev" }),
  readState: () => Promise.resolve({ resources: [{}] }),
}));
vi.mock("../../../commands/engine/fixed.ts", () => ({ refuseWhatIsFixed: () => undefined }));
vi.mock("../../../commands/plan/examine.ts", async () => {
  const { assess } = await import("../../../commands/plan/assess.ts");
  const { refusedOf } = await import("../../../commands/plan/gate.ts");
  return {
    examine: (_: unknown, __: unknown, accepted: readonly string[]) => {
      const plan = assess(found.changes as Parameters<typeof assess>[0]);
      const rest = { errors: [], idle: false, sites: [], text: "Pulumi's words\n" };
      return Promise.resolve({ ...rest, ...found, plan, refused: refusedOf(plan, accepted) });
    },
  };
});

const change = (action: string, name: string, type: string) => ({
  ...{ urn: `urn::${name}`, name, type, action, protect: action === "delete", retain: false },
  ...{ keys: [], replaceKeys: [], position: 0, before: {}, after: {} },
});
const command = (action: string) => change(action, "a-x", "command:local:Command");
const volume = change("delete", "a-etcd-1-data", "docker:index/volume:Volume");

let [out, said] = ["", ""];
beforeEach(() => {
  [out, said] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});

async function codeOf(changes: unknown[], options: object = {}, code = 0): Promise<number> {
  Object.assign(found, { code, changes });
  const plain = { stack: "dev", yes: true, json: false, expectNoChanges: false };
  return preview({ ...plain, diff: false, refresh: false, ...options });
}

test("Pulumi's words, and the plan under them", async () => {
  expect(await codeOf([command("update")])).toBe(0);
  expect(out).toMatch(/^Pulumi's words\n[\s\S]*Safety plan · stack dev · 0 to make, 1 to update/);
});

test("a change that was not expected is a failure, no change is none", async () => {
  expect(await codeOf([command("none")], { expectNoChanges: true })).toBe(0);
  expect(await codeOf([command("update")], { expectNoChanges: true })).toBe(1);
  expect(said).toContain("no changes were expected");
});

test("what endangers data is refused; accepted, it says what loses its protection", async () => {
  expect(await codeOf([volume])).toBe(1);
  expect(said).toContain("--accept-risk delete-data-volume");
  expect(await codeOf([volume], { acceptRisk: ["delete-data-volume"] })).toBe(0);
  expect(said).toContain("up lifts the protection of a-etcd-1-data");
});

test("half a preview says so, in JSON too, and keeps Pulumi's exit code", async () => {
  expect(await codeOf([command("update")], { json: true }, 255)).toBe(255);
  expect(JSON.parse(out)).toMatchObject({ stack: "dev", previewed: false, refused: [] });
  expect(said).toContain("not the whole");
  out = "";
  expect(await codeOf([], {}, 255)).toBe(255);
  expect(out).toBe("Pulumi's words\n");
});
