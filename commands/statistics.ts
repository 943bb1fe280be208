/** What several measurements of one thing come to. Pure. */

/** One figure over several runs. */
export interface Spread {
  /** How many runs measured it. */
  readonly n: number;
  readonly min: number;
  /** Nearest rank, as p95: always a measured value. */
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/**
 * The p-th percentile by the nearest-rank method: the smallest of the values that at least p % of
 * them do not exceed, so it is always one that was measured. Undefined without values.
 *
 * @param percent above 0 and at most 100; 50 is the (lower) median
 */
export function percentile(values: readonly number[], percent: number): number | undefined {
  if (!(percent > 0 && percent <= 100)) {
    throw new RangeError(`a percentile is above 0 and at most 100, got ${percent}`);
  }
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1];
}

/** Undefined without values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const [min, median] = [Math.min(...values), percentile(values, 50)];
  const [p95, max] = [percentile(values, 95), Math.max(...values)];
  return median === undefined || p95 === undefined
    ? undefined
    : { n: values.length, min, median, p95, max };
}
