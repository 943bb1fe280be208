/**
 * Kinds of setting, as zod schemas: each says what it expects and carries an example that mends.
 */
import { z } from "zod";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

/**
 * A value that mends a fault; undefined where only the user can tell, and the mend is to take the
 * line out.
 */
type Example = string | number | boolean | undefined;
type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** A schema whose only issue is its own sentence; `params.example` is the value that mends it. */
export function field<T>(example: Example, parse: (given: unknown) => Parsed<T>) {
  return z.unknown().transform((given, context): T => {
    const parsed = parse(given);
    if ("value" in parsed) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.problem, params: { example } });
    return z.NEVER;
  });
}

/** A text with a rule: `problemOf` says what is wrong with it, or undefined. */
export function text(
  example: string | undefined,
  expected: string,
  problemOf: (given: string) => string | undefined,
) {
  return field<string>(example, (given) => {
    if (typeof given !== "string") return { problem: expected };
    const problem = problemOf(given);
    return problem === undefined ? { value: given } : { problem };
  });
}

/** A text that matches a pattern; `expected` describes it. */
export function matching(example: string, expected: string, pattern: RegExp) {
  return text(example, expected, (given) => (pattern.test(given) ? undefined : expected));
}

/** A whole number in a range. Digits in quotes count too: Pulumi's config may carry them so. */
export function wholeNumber(min: number, max: number, example: number) {
  const problem = `expected a whole number from ${min} to ${max}`;
  return field<number>(example, (given) => {
    const number = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
    const fits = typeof number === "number" && Number.isInteger(number);
    return fits && number >= min && number <= max ? { value: number } : { problem };
  });
}

/** true or false; the words in quotes count too. */
export function flag(example: boolean) {
  return field<boolean>(example, (given) => {
    if (given === true || given === "true") return { value: true };
    if (given === false || given === "false") return { value: false };
    return { problem: "expected true or false" };
  });
}

/** One of a few words or numbers. */
export function oneOf<const T extends string | number>(choices: readonly T[], example: T) {
  const problem = `expected ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  return field<T>(example, (given) => {
    const value = choices.find((choice) => choice === given || String(choice) === given);
    return value === undefined ? { problem } : { value };
  });
}

/**
 * A duration, kept in seconds. `tooShort` replaces the sentence for one below the minimum; with
 * null it is let through, for a rule that knows more than the range.
 */
export function duration(min: number, max: number, example: string, tooShort?: string | null) {
  const range = `from ${formatDuration(min)} to ${formatDuration(max)}`;
  return field<number>(example, (given) => {
    const value = typeof given === "string" ? parseDuration(given) : undefined;
    if (value === undefined) {
      return { problem: `expected a duration in s, min, h or d ${range}, such as "${example}"` };
    }
    if (value < min && tooShort !== null)
      return { problem: tooShort ?? `expected a duration ${range}` };
    return value > max ? { problem: `expected a duration ${range}` } : { value };
  });
}

/** A size, kept in MiB. */
export function size(min: number, max: number, example: string) {
  const range = `from ${formatSize(min)} to ${formatSize(max)}`;
  return field<number>(example, (given) => {
    const value = typeof given === "string" ? parseSize(given) : undefined;
    if (value === undefined) {
      return { problem: `expected a size in MB or GB ${range}, such as "${example}"` };
    }
    return value >= min && value <= max ? { value } : { problem: `expected a size ${range}` };
  });
}

/**
 * An image with a tag or a digest that stays what it is: `latest` would be another program on every
 * machine.
 *
 * @param word what may stand in an image's place
 */
export function image(example: string, word?: "debian" | "modules" | "") {
  const part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const host = "(?:[A-Za-z0-9.-]+(?::\\d{1,5})?/)?";
  const reference = new RegExp(
    `^${host}${part}(?:/${part})*(?::([\\w][\\w.-]{0,127}))?(@sha256:[0-9a-f]{64})?$`,
  );
  const otherwise = word === undefined ? "" : `, or ${word || "an empty text"}`;
  const expected = `expected an image with its version, such as "${example}"${otherwise}`;
  return text(example, expected, (given) => {
    if (given === word) return undefined;
    const [matched, tag, digest] = reference.exec(given) ?? [];
    if (matched === undefined) return expected;
    if (digest === undefined && tag === undefined) return `without a version; ${expected}`;
    return tag === "latest" && digest === undefined
      ? `latest is no version; ${expected}`
      : undefined;
  });
}
