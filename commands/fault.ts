/** An error a person can act on: what is wrong, and what to type next. Printed without a stack trace. */
export class Fault extends Error {
  readonly advice: readonly string[];

  /**
   * @param message what is wrong and where, one line
   * @param advice what to do or type, a line each
   */
  constructor(message: string, ...advice: string[]) {
    super(message);
    this.name = "Fault";
    this.advice = advice;
  }
}

/** The text of a fault, as it is printed. */
export function describeFault(error: unknown): string {
  if (error instanceof Fault) {
    return [`holdfast: ${error.message}`, ...error.advice.map((line) => `  ${line}`)].join("\n");
  }
  // settings.ts words its faults itself, with the lines that mend them.
  if (error instanceof Error && error.name === "SettingsError") {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
