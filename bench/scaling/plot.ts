/** Both runs as one picture: offered load, instances that serve, p95 latency over time. Pure. */
import { type Scale, scaleOf, ticksUpTo } from "../../commands/drills/report/scale.ts";
import { coordinate, element, escaped } from "../../commands/drills/report/svg.ts";
import type { Second, Times } from "./figures.ts";

export interface Drawn {
  readonly name: string;
  readonly color: string;
  readonly seconds: readonly Second[];
}

const WIDTH = 960;
const LEFT = 60;
const RIGHT = WIDTH - 14;
const HEIGHT = 130;
const GAP = 44;
const HEAD = 34;

/** An SVG document that needs nothing else. */
export function plot(runs: readonly Drawn[], times: Times): string {
  const x = scaleOf([0, times.end], [LEFT, RIGHT]);
  const panels: [string, (second: Second) => number | null][] = [
    ["offered requests a second", ({ offered }) => offered],
    ["instances that serve", ({ ready }) => ready],
    ["p95 latency in ms, last 5 s", ({ p95 }) => (p95 === null ? null : p95 * 1000)],
  ];
  const drawn = panels.map(([title, value], row) => {
    const top = HEAD + row * (HEIGHT + GAP) + 16;
    return panel(runs, times, x, top, title, value);
  });
  const height = HEAD + panels.length * (HEIGHT + GAP) + 10;
  const names = runs.map(({ name, color }, index) =>
    element("text", { x: LEFT + index * 220, y: 18, fill: color }, escaped(`— ${name}`)),
  );
  const style = "font: 12px system-ui, sans-serif; background: #fff";
  const attributes = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${height}` };
  const title = element("title", {}, "Offered load, instances and latency over time");
  return `${element("svg", { ...attributes, style }, [title, ...names, ...drawn].join(""))}\n`;
}

function panel(
  runs: readonly Drawn[],
  { step, calm, end }: Times,
  x: Scale,
  top: number,
  title: string,
  value: (second: Second) => number | null,
): string {
  const bottom = top + HEIGHT;
  const values = runs.flatMap(({ seconds }) => seconds.map(value)).filter((one) => one !== null);
  const ticks = ticksUpTo(Math.max(1, ...values), 4);
  const y = scaleOf([0, ticks.at(-1) ?? 1], [bottom, top]);
  const grid = ticks.map(
    (tick) =>
      element("line", { x1: LEFT, x2: RIGHT, y1: y(tick), y2: y(tick), stroke: "#ddd" }) +
      element("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
  );
  const marks = [step, calm].map((at) =>
    element("line", {
      ...{ x1: x(at), x2: x(at), y1: top, y2: bottom },
      ...{ stroke: "#999", "stroke-dasharray": "3 3" },
    }),
  );
  const below = ticksUpTo(end, 10)
    .filter((tick) => tick <= end)
    .map((tick) =>
      element("text", { x: x(tick), y: bottom + 14, "text-anchor": "middle" }, `${tick} s`),
    );
  const curves = runs.map(({ seconds, color }) => {
    const points = seconds.flatMap((second) => {
      const shown = value(second);
      return shown === null ? [] : [`${coordinate(x(second.at + 0.5))},${coordinate(y(shown))}`];
    });
    const attributes = { points: points.join(" "), fill: "none", stroke: color };
    return element("polyline", { ...attributes, "stroke-width": 1.5 });
  });
  const heading = element("text", { x: LEFT, y: top - 6, "font-weight": "bold" }, escaped(title));
  return [heading, ...grid, ...marks, ...below, ...curves].join("");
}
