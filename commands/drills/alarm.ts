import type { Firing, WantedAlert } from "./scene.ts";
import type { Stage } from "./stage.ts";

/** How long an alert of an earlier drill may take to end. */
const CALM_SECONDS = 60;
const POLL_SECONDS = 1;

/** Looks for the alert that a fault has to raise, if it names one, and at what else it raises. */
export class Alarm {
  readonly #stage: Stage;
  readonly #alert: WantedAlert | undefined;
  readonly #signal: AbortSignal;
  #before: ReadonlySet<string> = new Set();

  constructor(stage: Stage, alert: string | WantedAlert | undefined, signal: AbortSignal) {
    this.#stage = stage;
    this.#alert = typeof alert === "string" ? { name: alert } : alert;
    this.#signal = signal;
  }

  /** Notes what fires before the fault, once the alert that it has to raise does not. @throws Error when it goes on */
  async calm(): Promise<void> {
    if ((await this.gone(CALM_SECONDS)) === undefined) {
      throw new Error(`${this.#name} fires already: whether the fault raises it cannot be seen`);
    }
  }

  /** Waits until the alert does not fire. @returns how long that took; undefined: it fires still */
  async gone(seconds: number): Promise<number | undefined> {
    const begin = this.#stage.now();
    for (;;) {
      const firing = await this.#stage.alerts();
      this.#before = new Set(firing.map(shown));
      if (!this.#isAmong(firing)) {
        return this.#stage.now() - begin;
      }
      if (this.#stage.now() > begin + seconds) {
        return undefined;
      }
      await this.#stage.sleep(POLL_SECONDS, this.#signal);
    }
  }

  /**
   * Waits, and looks for the alert meanwhile.
   *
   * @param begin when the fault was made, by the stage's clock
   * @param enough once the alert has come, so many seconds after the begin are enough; @default all
   * @returns how long the alert took, in seconds; undefined when there is none, or it did not come
   */
  async watch(seconds: number, begin: number, enough = Infinity): Promise<number | undefined> {
    const end = this.#stage.now() + seconds;
    let took: number | undefined;
    const until = () => (took === undefined ? end : Math.min(end, begin + enough));
    for (let left = seconds; left > 0; left = until() - this.#stage.now()) {
      const waiting = this.#alert !== undefined && took === undefined;
      if (waiting && this.#isAmong(await this.#stage.alerts())) {
        took = this.#stage.now() - begin;
        continue;
      }
      await this.#stage.sleep(waiting ? Math.min(POLL_SECONDS, left) : left, this.#signal);
    }
    return took;
  }

  /** Names of the alerts that fire now and did not before, for a note. */
  async news(): Promise<string> {
    const names = [...new Set((await this.#stage.alerts()).map(shown))];
    return names.filter((name) => !this.#before.has(name)).join(", ") || "none";
  }

  get #name(): string {
    return this.#alert === undefined ? "" : shown(this.#alert);
  }

  #isAmong(firing: readonly Firing[]): boolean {
    const { name, labels = {} } = this.#alert ?? {};
    return firing.some(
      (one) =>
        one.name === name &&
        Object.entries(labels).every(([label, value]) => one.labels?.[label] === value),
    );
  }
}

/** What tells two alerts of one name apart for a reader: where, and why. */
const TELLING = ["repository", "kind", "cause"];

/** `RepositoryFault (cloud, unreachable)`. Pure. */
export function shown({ name, labels = {} }: Firing): string {
  const told = TELLING.flatMap((label) => labels[label] ?? []);
  return told.length === 0 ? name : `${name} (${told.join(", ")})`;
}
