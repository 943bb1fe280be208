/** Lines around a change that a diff shows. */
const CONTEXT = 3;
/** Above so many pairs of lines a comparison costs too much memory: then the whole middle is shown as replaced. */
const LARGEST = 16_000_000;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/**
 * Two texts as a unified diff, as `diff -u` prints it; empty when they are equal. Pure.
 *
 * @param path stands in both headers, below `a/` and `b/`; a text that is empty stands as /dev/null
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) {
    return "";
  }
  const lines = compare(linesOf(before), linesOf(after));
  const head = [
    before === "" ? "--- /dev/null" : `--- a/${path}`,
    after === "" ? "+++ /dev/null" : `+++ b/${path}`,
  ];
  return `${[...head, ...hunks(lines)].join("\n")}\n`;
}

/** A last line without its newline is another line than with it, as for `diff`. */
function linesOf(text: string): string[] {
  if (text === "") {
    return [];
  }
  const lines = text.split("\n");
  return lines.at(-1) === ""
    ? lines.slice(0, -1)
    : [...lines.slice(0, -1), `${lines.at(-1)}\n\\ No newline at end of file`];
}

/** The longest common subsequence; what is equal at both ends is left out of it first. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  const [old, fresh] = [
    before.slice(head, before.length - tail),
    after.slice(head, after.length - tail),
  ];
  const same = (lines: readonly string[]): Line[] => lines.map((text) => ({ sign: " ", text }));
  return [
    ...same(before.slice(0, head)),
    ...middle(old, fresh),
    ...same(before.slice(before.length - tail)),
  ];
}

function middle(old: readonly string[], fresh: readonly string[]): Line[] {
  const removed = old.map((text): Line => ({ sign: "-", text }));
  const added = fresh.map((text): Line => ({ sign: "+", text }));
  if (old.length * fresh.length > LARGEST) {
    return [...removed, ...added];
  }
  const width = fresh.length + 1;
  // common[i * width + j]: lines that old from i on and fresh from j on have in common.
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === fresh[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < fresh.length) {
    if (old[i] === fresh[j]) {
      lines.push({ sign: " ", text: old[i] ?? "" });
      i += 1;
      j += 1;
    } else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) {
      lines.push(removed[i] as Line);
      i += 1;
    } else {
      lines.push(added[j] as Line);
      j += 1;
    }
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)];
}

/** Changes with their context; what is nearer than that to each other is one hunk. */
function hunks(lines: readonly Line[]): string[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== " "),
  );
  const text: string[] = [];
  let [old, fresh] = [1, 1];
  for (let index = 0; index < lines.length; ) {
    const end = near[index] ? near.indexOf(false, index) : near.indexOf(true, index);
    const part = lines.slice(index, end === -1 ? lines.length : end);
    const olds = part.filter(({ sign }) => sign !== "+").length;
    const freshes = part.filter(({ sign }) => sign !== "-").length;
    if (near[index]) {
      text.push(`@@ -${range(old, olds)} +${range(fresh, freshes)} @@`);
      text.push(...part.map(({ sign, text }) => sign + text));
    }
    old += olds;
    fresh += freshes;
    index += part.length;
  }
  return text;
}

/** `start,count`; a count of one is not written, and of none the line before is named. */
function range(start: number, count: number): string {
  return count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
}
