/** One part of a fault, undone. */
interface Step {
  readonly what: string;
  readonly work: () => Promise<unknown>;
}

/** What is still to be undone, last first. Each step runs once, whatever becomes of the others. */
export class Undoing {
  readonly #steps: Step[] = [];

  add(what: string, work: () => Promise<unknown>): void {
    this.#steps.push({ what, work });
  }

  /** What would be undone, in that order. */
  get pending(): readonly string[] {
    return this.#steps.map(({ what }) => what).reverse();
  }

  /** Undoes everything. @returns what failed, a sentence each */
  async run(): Promise<string[]> {
    const failures: string[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.work();
      } catch (error) {
        failures.push(`not undone (${step.what}): ${(error as Error).message}`);
      }
    }
    return failures;
  }
}
