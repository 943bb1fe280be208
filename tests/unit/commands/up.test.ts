/** In which order `up` goes about it, and what it leaves alone when something is refused or fails. */
import { beforeEach, expect, test, vi } from "vitest";
import { Fault } from "../../../commands/fault.ts";
import { up } from "../../../commands/up.ts";

const { done, answers, step, volume } = vi.hoisted(() => {
  const done: string[] = [];
  const answers = new Map<string, () => unknown>();
  /** Notes its name, and answers what a test wants it to. */
  const step = (name: string, answer?: unknown) => () => {
    done.push(name);
    return Promise.resolve().then(answers.get(name) ?? (() => answer));
  };
  const volume = {
    urn: "urn::docker:index/volume:Volume::a-postgres-3-data",
    type: "docker:index/volume:Volume",
    name: "a-postgres-3-data",
    action: "delete",
    protect: true,
  };
  return { done, answers, step, volume };
});

vi.mock("../../../commands/setup/setUp.ts", () => ({
  setUp: step("set up", { stack: { settings: {} }, hosts: {} }),
}));
vi.mock("../../../commands/engine/workspace.ts", () => ({
  openStack: () => Promise.resolve({ name: "dev" }),
  readState: () => Promise.resolve((answers.get("state") ?? (() => ({ resources: [{}] })))()),
}));
vi.mock("../../../commands/engine/fixed.ts", () => ({ refuseWhatIsFixed: () => undefined }));
vi.mock("../../../commands/engine/order.ts", () => ({ putInOrder: step("put in order") }));
vi.mock("../../../commands/engine/stopping.ts", () => ({ setStoppingMark: step("mark cleared") }));
vi.mock("../../../commands/engine/provision.ts", () => ({ provision: step("pulumi", {}) }));
vi.mock("../../../commands/engine/protection.ts", () => ({
  protectingAgain: (_: unknown, urns: string[], work: () => Promise<unknown>) =>
    work().catch((error: unknown) => {
      done.push(`protect again ${urns.join()}`);
      throw error;
    }),
}));
vi.mock("../../../commands/plan/beforeUp.ts", () => ({
  planBeforeUp: step("gate", { changes: [volume], sites: [], idle: false }),
}));
vi.mock("../../../commands/scaleIn/scaleIn.ts", () => ({
  prepareScaling: step("members made dispensable", new Set()),
  finishScaling: step("records forgotten"),
}));

const run = (...acceptRisk: string[]) =>
  up({ stack: "dev", yes: true, json: false, refresh: false, silent: true, acceptRisk });
const fails = (name: string) =>
  answers.set(name, () => {
    throw new Fault(`${name} failed`);
  });

beforeEach(() => {
  done.length = 0;
  answers.clear();
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});

const ALL = [
  ...["set up", "put in order", "gate", "mark cleared", "members made dispensable", "pulumi"],
  "records forgotten",
];

test("first the gate, then the members that leave, then Pulumi, then their records", async () => {
  await run();
  expect(done).toEqual(ALL);
});

test("the first up has nothing to look at", async () => {
  answers.set("state", () => ({ resources: [] }));
  await run();
  expect(done).toEqual(ALL.filter((name) => name !== "gate"));
});

test("a risk's name that is none is refused before anything else", async () => {
  await expect(run("below-quorm")).rejects.toThrow("there is no such risk");
  expect(done).toEqual([]);
});

test("what the gate refuses touches nothing", async () => {
  fails("gate");
  await expect(run()).rejects.toThrow("gate failed");
  expect(done).toEqual(ALL.slice(0, 3));
});

test.each(["members made dispensable", "pulumi"])(
  "%s failed: what is left of the data is protected again, and nothing is forgotten",
  async (name) => {
    fails(name);
    await expect(run()).rejects.toThrow(`${name} failed`);
    expect(done).toEqual([...ALL.slice(0, ALL.indexOf(name) + 1), `protect again ${volume.urn}`]);
  },
);
