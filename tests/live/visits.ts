import { afterAll, beforeAll } from "vitest";
import { Driver, type Session, type SessionOptions } from "./browser.ts";

/** Does steps as a visitor of their own, who leaves whatever happens. */
export type Visit = (
  options: SessionOptions,
  steps: (browser: Session) => Promise<void>,
) => Promise<void>;

/** Starts a browser's driver before the steps of the present suite, and stops it after them. */
export function visits(): Visit {
  let driver: Driver | undefined;
  beforeAll(async () => {
    driver = await Driver.start();
  });
  afterAll(() => driver?.stop());
  return async (options, steps) => {
    if (driver === undefined) {
      throw new Error("a visit outside a step: the browser's driver does not run");
    }
    const browser = await driver.open(options);
    try {
      await steps(browser);
    } finally {
      await browser.close();
    }
  };
}
