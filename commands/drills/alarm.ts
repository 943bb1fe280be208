import type { Stage } from "./stage.ts";

/** How long an alert of an earlier drill may take to end. */
const CALM_SECONDS = 60;
const POLL_SECONDS = 1;

/** Looks for the alert that a fault has to raise, if it names one, and at what else it raises. */
export class Alarm {
  readonly #stage: Stage;
  readonly #alert: string | undefined;
  readonly #signal: AbortSignal;
  #before: ReadonlySet<string> = new Set();

  constructor(stage: Stage, alert: string | undefined, signal: AbortSignal) {
    this.#stage = stage;
    this.#alert = alert;
    this.#signal = signal;
  }

  /** Notes what fires before the fault, once the alert that it has to raise does not. @throws Error when it goes on */
  async calm(): Promise<void> {
    const end = this.#stage.now() + CALM_SECONDS;
    for (;;) {
      this.#before = new Set(await this.#stage.alerts());
      if (this.#alert === undefined || !this.#before.has(this.#alert)) {
        return;
      }
      if (this.#stage.now() > end) {
        throw new Error(`${this.#alert} fires already: whether the fault raises it cannot be seen`);
      }
      await this.#stage.sleep(POLL_SECONDS, this.#signal);
    }
  }

  /**
   * Waits, and looks for the alert meanwhile.
   *
   * @param begin when the fault was made, by the stage's clock
   * @returns how long the alert took, in seconds; undefined when there is none, or it did not come
   */
  async watch(seconds: number, begin: number): Promise<number | undefined> {
    const end = this.#stage.now() + seconds;
    let took: number | undefined;
    for (let left = seconds; left > 0; left = end - this.#stage.now()) {
      const waiting = this.#alert !== undefined && took === undefined;
      if (waiting && (await this.#stage.alerts()).includes(this.#alert ?? "")) {
        took = this.#stage.now() - begin;
        continue;
      }
      await this.#stage.sleep(waiting ? Math.min(POLL_SECONDS, left) : left, this.#signal);
    }
    return took;
  }

  /** Names of the alerts that fire now and did not before, for a note. */
  async news(): Promise<string> {
    const names = [...new Set(await this.#stage.alerts())];
    return names.filter((name) => !this.#before.has(name)).join(", ") || "none";
  }
}
