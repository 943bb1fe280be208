/** What a watched name answered over time, as a report wants it. Pure. */
import type { Look } from "./resolver.ts";

/** A stretch of time with one answer. */
export interface Stretch {
  /** First look with this answer, in milliseconds since 1970. */
  readonly from: number;
  /** Last look with it. */
  readonly to: number;
  readonly status: string;
  readonly addresses: readonly string[];
  readonly looks: number;
}

/** Looks with the same answer, put together. */
export function stretches(looks: readonly Look[]): Stretch[] {
  const found: Stretch[] = [];
  for (const { at, status, addresses } of looks) {
    const last = found.at(-1);
    if (last !== undefined && keyOf(last) === keyOf({ status, addresses })) {
      found[found.length - 1] = { ...last, to: at, looks: last.looks + 1 };
    } else {
      found.push({ from: at, to: at, status, addresses, looks: 1 });
    }
  }
  return found;
}

/**
 * The looks of a client whose resolver keeps each answer for its TTL: what it goes on using while the
 * server already says something else. It keeps no silence, and asks again at the next look.
 */
export function throughCache(looks: readonly Look[]): Look[] {
  let kept: { look: Look; until: number } | undefined;
  return looks.map((look) => {
    if (kept !== undefined && look.at < kept.until) {
      return { ...kept.look, at: look.at };
    }
    kept =
      look.ttlSeconds === undefined ? undefined : { look, until: look.at + look.ttlSeconds * 1000 };
    return look;
  });
}

/**
 * Seconds from a moment until the name answered with these addresses, and with nothing else from then on.
 *
 * @returns undefined when it never came to that
 */
export function secondsUntil(
  looks: readonly Look[],
  since: number,
  addresses: readonly string[],
): number | undefined {
  const wanted = keyOf({ status: "NOERROR", addresses: [...addresses].sort() });
  const wrong = looks.findLastIndex((look) => keyOf(look) !== wanted);
  const first = looks[wrong + 1];
  return first === undefined ? undefined : Math.max(0, first.at - since) / 1000;
}

function keyOf({ status, addresses }: Pick<Look, "status" | "addresses">): string {
  return `${status} ${addresses.join(" ")}`;
}
