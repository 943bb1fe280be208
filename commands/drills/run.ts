import { Fault } from "../fault.ts";
import { Alarm } from "./alarm.ts";
import { orderFigures, takesNoOrders } from "./orders.ts";
import { emptyRecord, type Findings, resultOf, skippedResult } from "./result.ts";
import { type Drill, type Injected, type Scene, Skipped } from "./scene.ts";
import type { Look } from "./site.ts";
import { readOrders, readRows, type Stage, type StoppableLoad, untilFull } from "./stage.ts";
import type { DrillResult, LoadRecord } from "./types.ts";
import { Undoing } from "./undoing.ts";

/** The load runs alone so long, before the fault and after recovery. */
const SETTLE_SECONDS = 3;
/** A drill that takes longer has no recovery by itself. */
const RECOVERY_SECONDS = 120;
/** Of the alert, once what it was about is mended: its rule, Prometheus, Alertmanager. */
const CALM_SECONDS = 60;

/**
 * One drill: full redundancy, load, fault, undo, recovery, ledger.
 *
 * The fault is undone on every way out. What went wrong beside the objectives is in the result; only
 * an interruption by a person is thrown.
 *
 * @throws Interrupted
 */
export async function runDrill(
  drill: Drill,
  stage: Stage,
  signal: AbortSignal,
): Promise<DrillResult> {
  const run = new DrillRun(drill, stage, signal);
  const result = await run.run();
  if (signal.aborted) {
    throw new Interrupted(drill.name, run.notUndone);
  }
  return result;
}

/** A person ended the drill; its fault is undone, but for what it says. */
export class Interrupted extends Fault {
  constructor(drill: string, notUndone: readonly string[] = []) {
    const state = notUndone.length === 0 ? "its fault is undone" : "not all that it did is undone";
    super(`drill ${drill} was interrupted; ${state}`, ...notUndone);
  }
}

class DrillRun {
  readonly #drill: Drill;
  readonly #stage: Stage;
  readonly #signal: AbortSignal;
  readonly #undoing = new Undoing();
  readonly #cleaning = new Undoing();
  readonly #notes: string[] = [];
  readonly #errors: string[] = [];
  readonly #startedAt = new Date().toISOString();
  /** Every load that was started, to be ended on every way out. */
  readonly #loads: StoppableLoad[] = [];
  /** What of the fault, or of its setting, is there still. */
  readonly notUndone: string[] = [];
  #findings: Findings = {};

  constructor(drill: Drill, stage: Stage, signal: AbortSignal) {
    this.#drill = drill;
    this.#stage = stage;
    this.#signal = signal;
  }

  async run(): Promise<DrillResult> {
    const { name } = this.#drill;
    let load: StoppableLoad | undefined;
    let record: LoadRecord | undefined;
    try {
      this.#say("waiting for full redundancy");
      let before = await this.#untilFull(RECOVERY_SECONDS);
      if (this.#drill.prepare) {
        this.#say("setting the stage");
        before = await this.#drill.prepare(this.#scene(before));
      }
      this.#find({ leaderBefore: before.leader?.alias, timelineBefore: before.timeline });
      this.#say("starting the load");
      load = await this.#startLoad();
      await this.#sleep(SETTLE_SECONDS);
      await this.#faultAndRecovery(load, before);
      record = this.#drill.endsLoad ? load.record() : await load.stop();
      await this.#checkLedger(load.run);
      await this.#checkOrders(load.run, record);
    } catch (error) {
      if (error instanceof Skipped) {
        await this.#putInOrder();
        if (this.#errors.length === 0) {
          return skippedResult(name, this.#startedAt, error.message);
        }
        this.#errors.unshift(`cannot run here: ${error.message}`);
      } else {
        this.#fail(error);
      }
    }
    record ??= load?.record();
    await this.#putInOrder();
    return resultOf(
      { drill: name, startedAt: this.#startedAt, settings: this.#stage.settings },
      record ?? emptyRecord,
      { ...this.#findings, notes: this.#notes, errors: this.#errors },
    );
  }

  async #faultAndRecovery(load: StoppableLoad, before: Look): Promise<void> {
    this.#say("making the fault");
    this.#noteConditions();
    const alarm = new Alarm(this.#stage, this.#drill.alert, this.#signal);
    await alarm.calm();
    let since = await load.mark(`fault: ${this.#drill.name}`);
    let begin = this.#stage.now();
    const injected: Injected = await this.#drill.inject(this.#scene(before));
    this.#find({ fault: injected.fault, ...injected.figures });
    this.#say(injected.fault);
    if (injected.wrong) {
      this.#errors.push(injected.wrong);
    }
    const { holdSeconds = 0, untilAlertSeconds } = injected;
    const alertSeconds = await alarm.watch(holdSeconds, begin, untilAlertSeconds);
    this.#find(alertSeconds === undefined ? {} : { alertSeconds });
    const wrong = await injected.check?.();
    if (wrong) {
      this.#errors.push(wrong);
    }
    let running = load;
    if (this.#undoing.pending.length > 0) {
      const what = [...new Set(this.#undoing.pending)].join(", ");
      this.#say(`undoing it: ${what}`);
      if (holdSeconds > 0) {
        this.#notes.push(`new alerts before the fault was undone: ${await alarm.news()}`);
      }
      since = this.#drill.endsLoad ? since : await load.mark(`undone: ${what}`);
      begin = this.#stage.now();
      await this.#runAll(this.#undoing);
    } else {
      // A write that began before the fault had its full effect proves nothing.
      since = await load.mark("the fault is made");
    }
    if (this.#drill.endsLoad) {
      running = await this.#secondLoad(load, begin);
      since = 0;
    }
    await this.#recovery(running, since, begin, injected);
    if (injected.whole) {
      await this.#untilCalm(alarm);
    }
    if (running !== load) {
      await running.stop();
    }
  }

  async #startLoad(): Promise<StoppableLoad> {
    const load = await this.#stage.startLoad(this.#drill.byNames);
    this.#loads.push(load);
    return load;
  }

  /** Writes are acknowledged again and redundancy is full; then a few more seconds of load. */
  async #recovery(
    load: StoppableLoad,
    since: number,
    begin: number,
    { whole, figures, seen }: Injected,
  ): Promise<void> {
    this.#say("waiting for recovery");
    const isWhole = async () => {
      await whole?.();
      if (whole && figures?.wholeAgainSeconds === undefined) {
        this.#find({ wholeAgainSeconds: Math.max(0, this.#stage.now() - begin) });
      }
    };
    const [again, after] = await Promise.all([
      load.writesAgain(since, RECOVERY_SECONDS),
      this.#untilFull(RECOVERY_SECONDS, (at) =>
        this.#find({ redundancySeconds: Math.max(0, at - begin) }),
      ),
      isWhole(),
    ]);
    if (again === undefined) {
      throw new Error(`no write was acknowledged within ${RECOVERY_SECONDS} s after the fault`);
    }
    this.#find({ leaderAfter: after.leader?.alias, timelineAfter: after.timeline });
    await load.mark("full redundancy");
    await this.#sleep(SETTLE_SECONDS);
    this.#find((await seen?.()) ?? {});
  }

  /** The alert on what is mended has to end, too. */
  async #untilCalm(alarm: Alarm): Promise<void> {
    this.#say("waiting for the alert's end");
    const took = await alarm.gone(CALM_SECONDS);
    if (took === undefined) {
      this.#errors.push(`its alert fires ${CALM_SECONDS} s after all is whole again`);
    }
  }

  /** After a fault that took the load with it: the gap ends with the first write of a new one. */
  async #secondLoad(first: StoppableLoad, begin: number): Promise<StoppableLoad> {
    this.#say("starting a second load");
    const end = begin + RECOVERY_SECONDS;
    for (;;) {
      try {
        const second = await this.#startLoad();
        const last = Math.max(
          0,
          ...first
            .record()
            .writes.filter(({ outcome }) => outcome === "acknowledged")
            .map(({ end: at }) => at),
        );
        const next = Math.min(
          ...second
            .record()
            .writes.filter(({ outcome }) => outcome === "acknowledged")
            .map(({ end: at }) => at),
        );
        this.#find({ writeGapSeconds: next - last, cutShort: true });
        return second;
      } catch (error) {
        if (this.#stage.now() > end) {
          throw error;
        }
        await this.#sleep(1);
      }
    }
  }

  async #checkLedger(run: string): Promise<void> {
    this.#say("checking the ledger on every member");
    this.#find({ rows: await readRows(this.#stage, run, this.#signal) });
  }

  /** Compares the shop's orders, and takes them out of it again when none is lost or there twice. */
  async #checkOrders(run: string, record: LoadRecord): Promise<void> {
    if (record.orders.every(takesNoOrders)) {
      return;
    }
    const members = await readOrders(this.#stage, run);
    this.#find({ orders: { run, members } });
    const { cutShort } = this.#findings;
    const { ordersLost, ordersDuplicated } = orderFigures(run, record, members, cutShort) ?? {};
    if (ordersLost === 0 && ordersDuplicated === 0) {
      for (const load of this.#loads) {
        await this.#stage.forgetOrders(load.run).catch((error: Error) => {
          this.#notes.push(`its orders are in the shop still: ${error.message}`);
        });
      }
    }
  }

  #untilFull(seconds: number, onFull?: (at: number) => void): Promise<Look> {
    return untilFull(this.#stage, seconds, this.#signal, onFull);
  }

  #scene(look: Look): Scene {
    const { docker, settings } = this.#stage;
    const { leader } = look;
    if (!leader) {
      throw new Error("no single leader");
    }
    const replicas = look.boxes.filter(
      ({ component, id }) => component === "postgres" && id !== leader.id,
    );
    return {
      docker,
      settings,
      look,
      leader,
      replicas,
      lookAgain: () => this.#stage.look(),
      turnTo: (site) => this.#stage.turnTo(site),
      load: this.#loads.at(-1)?.container,
      undo: (what, work) => this.#undoing.add(what, work),
      cleanUp: (what, work) => this.#cleaning.add(what, work),
      note: (text) => void this.#notes.push(text),
      sleep: (seconds) => this.#sleep(seconds),
      untilFull: (seconds) => this.#untilFull(seconds),
      hold: this.#stage.hold,
      firing: () => this.#stage.alerts(),
      now: () => this.#stage.now(),
      signal: this.#signal,
    };
  }

  /** Undoes what is left, ends the load, clears up. Never throws. */
  async #putInOrder(): Promise<void> {
    await this.#runAll(this.#undoing);
    await Promise.all(this.#loads.map((load) => load.kill()));
    if (this.#cleaning.pending.length > 0) {
      this.#say(`clearing up: ${this.#cleaning.pending.join(", ")}`);
      await this.#runAll(this.#cleaning);
    }
  }

  async #runAll(steps: Undoing): Promise<void> {
    const failures = await steps.run();
    this.#errors.push(...failures);
    this.notUndone.push(...failures);
  }

  #noteConditions(): void {
    const conditions = this.#stage.conditions();
    if (conditions) {
      this.#notes.push(conditions);
    }
  }

  #find(more: Findings): void {
    this.#findings = { ...this.#findings, ...more };
  }

  #fail(error: unknown): void {
    const text = error instanceof Fault ? [error.message, ...error.advice].join("; ") : undefined;
    this.#errors.push(text ?? (error as Error).message);
  }

  #say(text: string): void {
    this.#stage.say(`${this.#drill.name}: ${text}`);
  }

  #sleep(seconds: number): Promise<void> {
    return seconds > 0 ? this.#stage.sleep(seconds, this.#signal) : Promise.resolve();
  }
}
