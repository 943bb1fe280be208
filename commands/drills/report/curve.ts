import type { Curve, DrillResult } from "../types.ts";
import { seconds } from "./figures.ts";
import { drawMarks, MARK_ROW_HEIGHT, type PlacedMark, placeMarks } from "./marks.ts";
import { type Scale, scaleOf, ticksUpTo } from "./scale.ts";
import { coordinate, element, escaped } from "./svg.ts";

const WIDTH = 960;
const LEFT = 52;
const RIGHT = WIDTH - 14;
const PLOT_HEIGHT = 220;
/** Below the plot: the ticks and the axis' title. */
const FOOT = 42;
const HEAD = 6;
/** A gap of a tenth of a second is not half a pixel wide, and still to be seen. */
const NARROWEST_GAP = 1.5;

interface Plot {
  readonly curve: Curve;
  /** Seconds since the load's begin → x. */
  readonly x: Scale;
  /** Calls a second → y. */
  readonly y: Scale;
  readonly top: number;
  readonly bottom: number;
  readonly secondTicks: readonly number[];
  readonly rateTicks: readonly number[];
}

/**
 * One run as a picture: acknowledged writes a second as an area, answered reads and pages as lines,
 * failed writes as red bars, marks as labelled lines, the longest write gap shaded. An SVG element
 * whose colours come from the page (style.ts). Pure.
 *
 * @param id unique in the page, for the title that screen readers read
 */
export function curveSvg(result: DrillResult, id: string): string {
  const { curve } = result;
  const length = curve.acknowledged.length * curve.bucketSeconds;
  const x = scaleOf([0, length], [LEFT, RIGHT]);
  const marks = curve.begin === undefined ? [] : placeMarks(result.marks, curve.begin, x, RIGHT);
  const rows = Math.max(0, ...marks.map(({ level }) => level + 1));
  const top = HEAD + rows * MARK_ROW_HEIGHT + 4;
  const bottom = top + PLOT_HEIGHT;
  const rateTicks = ticksUpTo(Math.max(1, ...allRates(curve)), 5);
  const plot: Plot = {
    curve,
    x,
    y: scaleOf([0, rateTicks.at(-1) ?? 1], [bottom, top]),
    top,
    bottom,
    secondTicks: ticksUpTo(length, 12).filter((tick) => tick <= length),
    rateTicks,
  };
  const attributes = {
    viewBox: `0 0 ${WIDTH} ${coordinate(bottom + FOOT)}`,
    role: "img",
    "aria-labelledby": `${id}-title ${id}-desc`,
    class: "curve",
  };
  const words = [
    `<title id="${id}-title">${escaped(`Calls per second during the drill ${result.drill}`)}</title>`,
    `<desc id="${id}-desc">${escaped(describe(result, marks))}</desc>`,
  ];
  const drawn = [
    grid(plot),
    gap(plot, result),
    area(plot),
    bars(plot),
    line(plot, curve.reads, "reads"),
    line(plot, curve.pages, "pages"),
    gapLabel(plot, result),
    drawMarks(marks, top, bottom),
    axes(plot),
  ];
  return element("svg", attributes, [...words, ...drawn].join(""));
}

/** The picture in words. Pure. */
function describe(result: DrillResult, marks: readonly PlacedMark[]): string {
  const { acknowledged, rejected, unknown, writeGapSeconds, curve } = result;
  const length = curve.acknowledged.length * curve.bucketSeconds;
  const gap =
    writeGapSeconds === undefined
      ? "How long writes were away was not measured."
      : `The longest time without an acknowledged write was ${seconds(writeGapSeconds)}.`;
  const events = marks.map(({ seconds: at, text }) => `${at.toFixed(1)} s: ${text}`).join("; ");
  return (
    `${acknowledged} acknowledged, ${rejected} rejected and ${unknown} unanswered writes ` +
    `in ${length.toFixed(0)} s. ${gap}${events === "" ? "" : ` Marks: ${events}.`}`
  );
}

function allRates({ bucketSeconds, acknowledged, failed, reads, pages }: Curve): number[] {
  return [acknowledged, failed, reads, pages].flat().map((count) => count / bucketSeconds);
}

/** The middle of each bucket and its rate, as points. */
function points({ curve, x, y }: Plot, counts: readonly number[]): string[] {
  return counts.map((count, index) => {
    const at = (index + 0.5) * curve.bucketSeconds;
    return `${coordinate(x(at))},${coordinate(y(count / curve.bucketSeconds))}`;
  });
}

function area(plot: Plot): string {
  const { acknowledged, bucketSeconds } = plot.curve;
  const middle = points(plot, acknowledged);
  const end = plot.x(acknowledged.length * bucketSeconds);
  const ground = coordinate(plot.bottom);
  const first = `${coordinate(plot.x(0))},${ground}`;
  const all = [first, ...middle, `${coordinate(end)},${ground}`].join(" ");
  return element("polygon", { class: "writes", points: all });
}

function line(plot: Plot, counts: readonly number[], name: string): string {
  return element("polyline", { class: name, points: points(plot, counts).join(" ") });
}

function bars({ curve, x, y, bottom }: Plot): string {
  return curve.failed
    .map((count, index) => {
      if (count === 0) {
        return "";
      }
      const from = x(index * curve.bucketSeconds);
      const width = Math.max(1, x((index + 1) * curve.bucketSeconds) - from);
      const top = Math.min(y(count / curve.bucketSeconds), bottom - 2);
      return element("rect", { class: "failed", x: from, width, y: top, height: bottom - top });
    })
    .join("");
}

/** The shaded gap in pixels, or undefined where it is not known. */
function gapRange({ curve, x }: Plot): { from: number; width: number } | undefined {
  if (curve.writeGap === undefined || curve.begin === undefined) {
    return undefined;
  }
  const from = x(curve.writeGap.begin - curve.begin);
  return { from, width: Math.max(NARROWEST_GAP, x(curve.writeGap.end - curve.begin) - from) };
}

function gap(plot: Plot, { writeGapSeconds }: DrillResult): string {
  const range = gapRange(plot);
  if (range === undefined || writeGapSeconds === undefined) {
    return "";
  }
  const { from, width } = range;
  const height = plot.bottom - plot.top;
  return element("rect", { class: "gap", x: from, width, y: plot.top, height });
}

function gapLabel(plot: Plot, { writeGapSeconds }: DrillResult): string {
  const range = gapRange(plot);
  if (range === undefined || writeGapSeconds === undefined) {
    return "";
  }
  const middle = range.from + range.width / 2;
  const room = 70;
  const anchor = middle < LEFT + room ? "start" : middle > RIGHT - room ? "end" : "middle";
  const y = plot.top + 17; // above the bars, which begin at the ground
  const text = `no write for ${seconds(writeGapSeconds)}`;
  return element("text", { class: "gap-label", x: middle, y, "text-anchor": anchor }, text);
}

function grid({ y, rateTicks }: Plot): string {
  return rateTicks
    .map((tick) =>
      element("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y(tick), y2: y(tick) }),
    )
    .join("");
}

function axes({ x, y, top, bottom, secondTicks, rateTicks }: Plot): string {
  const below = secondTicks.map((tick) => {
    const mark = element("line", {
      class: "axis",
      x1: x(tick),
      x2: x(tick),
      y1: bottom,
      y2: bottom + 4,
    });
    return (
      mark + element("text", { x: x(tick), y: bottom + 17, "text-anchor": "middle" }, String(tick))
    );
  });
  const beside = rateTicks.map((tick) =>
    element("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
  );
  const middle = (top + bottom) / 2;
  const turned = { transform: `rotate(-90 12 ${coordinate(middle)})`, "text-anchor": "middle" };
  return [
    element("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: bottom, y2: bottom }),
    ...below,
    ...beside,
    element(
      "text",
      { x: (LEFT + RIGHT) / 2, y: bottom + 35, "text-anchor": "middle" },
      "seconds since the load began",
    ),
    element("text", { x: 12, y: middle, ...turned }, "calls per second"),
  ].join("");
}
