import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import type { Firing, RunningLoad } from "./scene.ts";
import { behind, type Look } from "./site.ts";
import type { LedgerRow, LoadRecord, OrderRow } from "./types.ts";

/** A load from the runner's side. */
export interface StoppableLoad extends RunningLoad {
  stop(): Promise<LoadRecord>;
  record(): LoadRecord;
  kill(): Promise<void>;
}

/** All that a run touches; a test has one of its own. */
export interface Stage {
  readonly docker: Docker;
  readonly settings: Settings;
  look(): Promise<Look>;
  /** @param byNames its clients follow the public names from site to site. @default false */
  startLoad(byNames?: boolean): Promise<StoppableLoad>;
  /** From now on another site is the active one. */
  turnTo(site: string): void;
  /** This run's rows that a member has, by container name. */
  rows(container: string, run: string): Promise<LedgerRow[]>;
  /** The same for this run's orders of the shop. */
  orders(container: string, run: string): Promise<OrderRow[]>;
  /** Takes a run's orders out of the shop again. */
  forgetOrders(run: string): Promise<void>;
  /** How long each fault shall last, of those that can last longer. @default its own time */
  readonly hold?: number | undefined;
  /** Alerts that fire now. */
  alerts(): Promise<Firing[]>;
  /** What figures depend on beside the stack, in a phrase; undefined where nobody knows. */
  conditions(): string | undefined;
  /** Waits; rejects when the signal is aborted. Seconds. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
  /** A steady clock, in seconds. */
  now(): number;
  /** Tells the person at the terminal what the drill is at. */
  say(text: string): void;
}

const POLL_SECONDS = 0.25;
/** A look may come before Docker or Patroni has noticed the fault: full must stay full. */
const STEADY_LOOKS = 3;
const REPLAY_SECONDS = 30;

/**
 * Waits until redundancy is full and stays so.
 *
 * @param onFull is told when it became so, by the stage's clock
 * @throws Error that says what is missing after `seconds`; the signal's reason when it is aborted
 */
export async function untilFull(
  stage: Stage,
  seconds: number,
  signal: AbortSignal,
  onFull?: (at: number) => void,
): Promise<Look> {
  const end = stage.now() + seconds;
  let steady = 0;
  let first = 0;
  for (;;) {
    const at = stage.now();
    const look = await stage.look();
    steady = look.missing.length === 0 ? steady + 1 : 0;
    first = steady === 1 ? at : first;
    if (steady >= STEADY_LOOKS) {
      onFull?.(first);
      return look;
    }
    if (stage.now() > end) {
      const missing = look.missing.join("; ") || "it did not last";
      throw new Error(`no full redundancy within ${seconds} s: ${missing}`);
    }
    await stage.sleep(POLL_SECONDS, signal);
  }
}

/**
 * Each member's rows of a run, the leader's first, once every replica has replayed the leader's WAL.
 *
 * @throws Error when one does not
 */
export async function readRows(
  stage: Stage,
  run: string,
  signal: AbortSignal,
): Promise<[string, LedgerRow[]][]> {
  const { members, leader, boxes } = await stage.look();
  const location = members[leader?.alias ?? ""]?.xlog?.location;
  if (!leader || location === undefined) {
    throw new Error("no leader to compare with");
  }
  const end = stage.now() + REPLAY_SECONDS;
  for (;;) {
    const late = behind(await stage.look(), leader.alias, location);
    if (late.length === 0) {
      break;
    }
    if (stage.now() > end) {
      throw new Error(`${late.join(", ")} did not replay the leader's WAL in ${REPLAY_SECONDS} s`);
    }
    await stage.sleep(POLL_SECONDS, signal);
  }
  const others = boxes.filter(({ component, id }) => component === "postgres" && id !== leader.id);
  const rows: [string, LedgerRow[]][] = [];
  for (const { alias, name } of [leader, ...others]) {
    rows.push([alias, await stage.rows(name, run)]);
  }
  return rows;
}

/** Each member's orders of a run; to be asked once every replica has replayed the leader's WAL. */
export async function readOrders(stage: Stage, run: string): Promise<OrderRow[][]> {
  const members = (await stage.look()).boxes.filter(({ component }) => component === "postgres");
  const rows: OrderRow[][] = [];
  for (const { name } of members) {
    rows.push(await stage.orders(name, run));
  }
  return rows;
}
