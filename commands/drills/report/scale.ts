/** Puts a value of an axis onto the picture. */
export type Scale = (value: number) => number;

/** A straight scale; values outside of the domain are put onto its ends. Pure. */
export function scaleOf(
  domain: readonly [number, number],
  range: readonly [number, number],
): Scale {
  const [low, high] = domain;
  const [from, to] = range;
  const width = high - low || 1;
  return (value) => {
    const part = Math.min(1, Math.max(0, (value - low) / width));
    return from + part * (to - from);
  };
}

/** Round values from 0 to at least `highest`, at most `count` steps of 1, 2 or 5 times a power of ten. Pure. */
export function ticksUpTo(highest: number, count: number): number[] {
  const rough = Math.max(highest, Number.EPSILON) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const steps = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
