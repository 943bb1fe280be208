import { afterEach, expect, test, vi } from "vitest";
import { whileInterruptible } from "../../../../commands/drills/interrupt.ts";

const own = vi.fn();

afterEach(() => {
  process.removeListener("SIGINT", own);
  own.mockClear();
});

test("a Ctrl-C aborts the work instead of ending the launcher, whose handlers come back", async () => {
  process.on("SIGINT", own);
  const before = process.listeners("SIGINT");
  const result = await whileInterruptible(async (signal) => {
    expect(signal.aborted).toBe(false);
    process.emit("SIGINT", "SIGINT");
    return signal.aborted;
  });
  expect(result).toBe(true);
  expect(own).not.toHaveBeenCalled();
  expect(process.listeners("SIGINT")).toEqual(before);
});

test.each(["SIGTERM", "SIGHUP"] as const)("%s aborts the work, too", async (name) => {
  const before = process.listeners(name);
  const aborted = await whileInterruptible(async (signal) => {
    process.emit(name, name);
    return signal.aborted;
  });
  expect(aborted).toBe(true);
  expect(process.listeners(name)).toEqual(before);
});

test("a terminal that was closed ends nothing, during the work and after it", async () => {
  const broken = (code: string) => Object.assign(new Error(`write ${code}`), { code });
  await whileInterruptible(async () => {
    expect(() => process.stderr.emit("error", broken("EIO"))).not.toThrow();
  });
  expect(() => process.stdout.emit("error", broken("EPIPE"))).not.toThrow();
  expect(() => process.stderr.emit("error", broken("ENOSPC"))).toThrow("ENOSPC");
});

test("they come back after work that fails, too", async () => {
  process.on("SIGINT", own);
  await expect(whileInterruptible(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  process.emit("SIGINT", "SIGINT");
  expect(own).toHaveBeenCalledOnce();
});
