import type { Mark } from "../types.ts";
import type { Scale } from "./scale.ts";
import { coordinate, element, escaped } from "./svg.ts";

/** A mark with the place of its label. */
export interface PlacedMark extends Mark {
  /** Seconds since the load's begin. */
  readonly seconds: number;
  readonly x: number;
  /** Line of text above the plot, counted from 0, the one next to the plot. */
  readonly level: number;
  /** Shortened to what can be read; the whole text is in the list below the picture. */
  readonly label: string;
  /** Which side of the line the label stands on: left of it near the right edge. */
  readonly anchor: "start" | "end";
}

export const MARK_ROW_HEIGHT = 16;
/** Of the labels' font, on average; wider than most, so that labels keep a distance. */
const CHARACTER_WIDTH = 6.4;
const LONGEST_LABEL = 44;
const SHORTEST_LABEL = 6;
const DISTANCE = 10;

/**
 * Gives each mark's label a line of its own where labels would meet, so that no mark's line crosses
 * another's label: a label stands above every mark that it spans. Pure.
 */
export function placeMarks(
  marks: readonly Mark[],
  begin: number,
  toX: Scale,
  right: number,
): PlacedMark[] {
  const sorted = marks
    .toSorted((a, b) => a.at - b.at)
    .map((mark) => ({ ...mark, seconds: mark.at - begin, x: toX(mark.at - begin) }));
  const fits = (mark: { x: number; text: string }) =>
    mark.x + widthOf(shortened(mark.text, LONGEST_LABEL)) <= right;
  const leftOfTheirLine = sorted.filter((mark) => !fits(mark));
  const placed: PlacedMark[] = [];
  const place = (mark: (typeof sorted)[number], label: string, anchor: "start" | "end") => {
    const span = spanOf({ x: mark.x, label, anchor });
    const below = placed.filter((other) => meet(span, spanOf(other)));
    const level = Math.max(-1, ...below.map((other) => other.level)) + 1;
    placed.push({ ...mark, label, anchor, level });
  };
  // Labels to the right of their lines span marks that come later: those are placed first.
  for (const mark of sorted.filter(fits).reverse()) {
    const next = leftOfTheirLine[0]?.x ?? right;
    const room = Math.floor((next - mark.x - DISTANCE) / CHARACTER_WIDTH);
    const longest = Math.min(LONGEST_LABEL, Math.max(SHORTEST_LABEL, room));
    place(mark, shortened(mark.text, longest), "start");
  }
  for (const mark of leftOfTheirLine) {
    place(mark, shortened(mark.text, LONGEST_LABEL), "end");
  }
  return placed.sort((a, b) => a.at - b.at);
}

function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1).trimEnd()}…` : text;
}

function widthOf(label: string): number {
  return label.length * CHARACTER_WIDTH + DISTANCE;
}

function spanOf({ x, label, anchor }: Pick<PlacedMark, "x" | "label" | "anchor">): Span {
  return anchor === "start" ? [x, x + widthOf(label)] : [x - widthOf(label), x];
}

type Span = readonly [number, number];

function meet([from, to]: Span, [otherFrom, otherTo]: Span): boolean {
  return from <= otherTo && otherFrom <= to;
}

/** The marks' lines with their labels. Pure. */
export function drawMarks(marks: readonly PlacedMark[], plotTop: number, bottom: number): string {
  return marks
    .map(({ x, level, label, anchor, text, seconds }) => {
      const y = plotTop - 4 - level * MARK_ROW_HEIGHT;
      const line = element("line", { x1: x, x2: x, y1: y - 11, y2: bottom, class: "mark" });
      const shift = anchor === "start" ? 4 : -4;
      const place = `x="${coordinate(x + shift)}" y="${coordinate(y - 3)}" text-anchor="${anchor}"`;
      const words = `<text class="label" ${place}>${escaped(label)}</text>`;
      const whole = `<title>${escaped(`${seconds.toFixed(1)} s: ${text}`)}</title>`;
      return `<g class="marks">${whole}${line}${words}</g>`;
    })
    .join("");
}
