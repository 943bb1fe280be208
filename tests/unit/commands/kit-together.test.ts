import { describe, expect, test } from "vitest";
import { together } from "../../../commands/restore/kitTogether.ts";

/** Fails as soon as the signal says so. */
function untilAborted(signal: AbortSignal, message: string): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(message)));
  });
}

describe("provisioning and restoring side by side", () => {
  test("gives what was restored, when both are done", async () => {
    let provisioned = false;
    const value = await together({
      provision: async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        provisioned = true;
      },
      follow: async () => "restored",
      endProvision: async () => undefined,
    });
    expect(value).toBe("restored");
    expect(provisioned).toBe(true);
  });

  test("a failed provision ends the restore, and is the reason", async () => {
    const work = together({
      provision: async () => {
        throw new Error("no room");
      },
      follow: (signal) => untilAborted(signal, "told to end"),
      endProvision: async (ended) => expect(ended.aborted).toBe(true),
    });
    await expect(work).rejects.toThrow("no room");
  });

  test("a failed restore ends the provision, waits for its end, and is the reason", async () => {
    const engine = new AbortController();
    const events: string[] = [];
    const work = together({
      provision: async () => {
        await untilAborted(engine.signal, "interrupted").catch((error: unknown) => {
          events.push("engine ended");
          throw error;
        });
      },
      follow: async () => {
        throw new Error("no such backup");
      },
      endProvision: async () => {
        events.push("told the engine");
        engine.abort();
      },
    });
    await expect(work).rejects.toThrow("no such backup");
    expect(events).toEqual(["told the engine", "engine ended"]);
  });

  test("a restore that fails after the provision ended well is still a failure", async () => {
    let over = false;
    const work = together({
      provision: async () => undefined,
      follow: async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        throw new Error("no full backup");
      },
      endProvision: async (ended) => {
        over = ended.aborted;
      },
    });
    await expect(work).rejects.toThrow("no full backup");
    expect(over).toBe(true);
  });
});
