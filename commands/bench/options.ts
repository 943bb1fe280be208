import { Fault } from "../fault.ts";
import type { GlobalOptions } from "../options.ts";
import { PARTS, type Part } from "./types.ts";

/** As commander gives them: numbers as they were typed. */
export interface TypedOptions extends GlobalOptions {
  /** Parts; none stands for all. */
  readonly args: readonly string[];
  readonly rounds: string;
  readonly seconds: string;
  readonly clients: string;
  readonly scale: string;
  readonly times: string;
  readonly output?: string;
}

export interface BenchOptions {
  readonly parts: readonly Part[];
  /** How often each path is measured. */
  readonly rounds: number;
  /** How long each time. */
  readonly seconds: number;
  readonly clients: number;
  /** pgbench's scale. */
  readonly scale: number;
  /** How often each handover and failover is made. */
  readonly times: number;
}

/** Numbers' bounds, with the reason for the upper one where it is not plain. */
const BOUNDS = {
  rounds: [1, 100],
  // The log of a minute's transactions fits into the load's memory.
  seconds: [2, 60],
  // Three times the default pool.
  clients: [1, 64],
  // 1.5 GiB.
  scale: [1, 100],
  times: [1, 50],
} as const;

/** Pure. @throws Fault for what cannot be measured */
export function checkedOptions(typed: Omit<TypedOptions, keyof GlobalOptions>): BenchOptions {
  const parts = typed.args.map((name) => {
    const part = PARTS.find((one) => one === name);
    if (part === undefined) {
      throw new Fault(`bench has no part "${name}"`, `there are: ${PARTS.join(", ")}`);
    }
    return part;
  });
  const numbers = Object.fromEntries(
    Object.entries(BOUNDS).map(([name, [least, most]]) => {
      const text = typed[name as keyof typeof BOUNDS];
      const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= least && value <= most)) {
        throw new Fault(`--${name} ${text}: expected a whole number from ${least} to ${most}`);
      }
      return [name, value];
    }),
  ) as Record<keyof typeof BOUNDS, number>;
  if (numbers.scale < numbers.clients) {
    throw new Fault(
      `--scale ${numbers.scale}: below --clients ${numbers.clients}, which would wait for each other's rows`,
      `--scale ${numbers.clients}`,
    );
  }
  return { ...numbers, parts: PARTS.filter((part) => parts.length === 0 || parts.includes(part)) };
}
