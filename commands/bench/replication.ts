import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Docker } from "../docker.ts";
import { psql } from "../drills/ledgerTable.ts";
import { Fault } from "../fault.ts";
import { Held, type Holding } from "./held.ts";
import type { Replication } from "./types.ts";

type Mode = Exclude<Replication, "none">;

const PROGRAM = readFileSync(join(import.meta.dirname, "replication.py"), "utf8");
const ANSWER_SECONDS = 15;
/** Patroni's rounds, and the leader's reload. */
const TAKEN_SECONDS = 60;
const POLL_MS = 250;
/** replication.py tries for 120 s. */
const BACK_SECONDS = 130;

/** What the leader must say before a mode counts: whom it waits for, and how many of those stream. */
const ASK = `SELECT current_setting('synchronous_standby_names') <> '',
  (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum');`;

/**
 * Switches how the live cluster replicates, through Patroni, and puts it back.
 *
 * The one who puts it back is a program in a member's container, which does so when its standard input
 * ends: also when this process is killed. Only when that container dies with it, at the same moment,
 * does the mode stay; then the alert PostgresNoSynchronousStandby says so.
 */
export class ReplicationSwitch {
  readonly #docker: Docker;
  readonly #members: readonly string[];
  readonly #held: Holding;
  /** JSON of the value before. */
  readonly #former: string;
  #mode: Mode;

  private constructor(docker: Docker, members: readonly string[], held: Holding, former: string) {
    this.#docker = docker;
    this.#members = members;
    this.#held = held;
    this.#former = former;
    this.#mode = modeOf(former);
  }

  /**
   * @param members containers of the members, the leader's first
   * @throws Fault when the cluster does not replicate by quorum: the figures would mean something else
   */
  static async open(docker: Docker, members: readonly string[]): Promise<ReplicationSwitch> {
    const [leader = ""] = members;
    const held = new Held(docker, "the switch of replication", hold(leader));
    try {
      return new ReplicationSwitch(docker, members, held, await held.line(ANSWER_SECONDS));
    } catch (error) {
      await held.end(ANSWER_SECONDS);
      throw error;
    }
  }

  /** Resolves when the leader replicates so. */
  async to(mode: Mode, signal: AbortSignal): Promise<void> {
    if (mode === this.#mode) {
      return;
    }
    this.#held.say(mode);
    await this.#held.line(ANSWER_SECONDS);
    this.#mode = mode;
    await untilTaken(this.#docker, this.#members[0] ?? "", mode, signal);
  }

  /** Puts the former mode back, through another member when the first is gone. @throws Fault */
  async putBack(): Promise<void> {
    const first = await this.#held.end(BACK_SECONDS);
    if (isBack(first)) {
      return;
    }
    for (const member of this.#members.slice(1)) {
      const again = await this.#docker.run(["exec", ...hold(member, this.#former)], {
        timeoutMs: BACK_SECONDS * 1000,
      });
      if (isBack(again)) {
        return;
      }
    }
    throw new Fault(
      `the cluster's synchronous_mode is not ${this.#former} again`,
      `docker exec ${this.#members[0]} holdfast-apply-settings`,
    );
  }
}

/** Arguments of `docker exec` for replication.py. */
function hold(container: string, ...former: readonly string[]): string[] {
  return [container, "python3", "-c", PROGRAM, ...former];
}

/** Whether replication.py said at its end that the former value is there again. Pure. */
export function isBack({ code, stdout }: { code: number; stdout: string }): boolean {
  return code === 0 && stdout.trimEnd().endsWith("back");
}

/** Pure. @throws Fault for what is neither, e.g. a cluster that somebody else has switched */
export function modeOf(former: string): Mode {
  if (former !== '"quorum"') {
    throw new Fault(
      `the cluster's synchronous_mode is ${former}, not "quorum"`,
      "put it back with holdfast-apply-settings in a PostgreSQL container, and repeat",
    );
  }
  return "quorum";
}

async function untilTaken(
  docker: Docker,
  leader: string,
  mode: Mode,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + TAKEN_SECONDS * 1000;
  while (!isTaken(await psql(docker, leader, "postgres", ASK), mode)) {
    if (performance.now() > end) {
      throw new Fault(`${leader} does not replicate ${mode} within ${TAKEN_SECONDS} s`);
    }
    await wait(POLL_MS, undefined, { signal });
  }
}

/** psql's `t|2`. Pure. */
export function isTaken(answer: string, mode: Mode): boolean {
  const [waits, streaming] = answer.trim().split("|");
  return mode === "asynchronous" ? waits === "f" : waits === "t" && Number(streaming) > 0;
}
