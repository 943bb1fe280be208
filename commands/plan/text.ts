/** The plan as people read it. Pure. */
import { alignedTable } from "../ui.ts";
import { meaningOf } from "./risks/names.ts";
import type { Figure, NodePlan, Plan, Stall } from "./types.ts";

/** The whole page, to stand under Pulumi's own diff. */
export function planText(plan: Plan, accepted: readonly string[], stack: string): string {
  const { create, update, replace, delete: removed } = plan.changes;
  const counts = `${create} to make, ${update} to update, ${replace} to replace, ${removed} to delete, ${plan.unchanged} unchanged`;
  const parts = [
    `Safety plan · stack ${stack} · ${counts}`,
    ...section("nodes", nodeLines(plan.nodes)),
    ...section(
      "order",
      plan.order.map(({ what, handovers }, index) => stepLine(index, what, handovers)),
    ),
    ...section("handovers", [`  ${plan.handovers[1] === 0 ? "none" : countOf(plan.handovers)}`]),
    ...section("clients wait", stallLines(plan.stalls)),
    ...section(
      "notes",
      plan.notes.map((note) => `  ${note}`),
    ),
    ...section("files", fileLines(plan)),
    ...section("risks", riskLines(plan, accepted)),
  ];
  return `${parts.join("\n")}\n`;
}

/** The same in a few lines, for `up`: what is touched, and how long clients wait. */
export function planLines(plan: Plan): string[] {
  const nodes = nodeLines(plan.nodes.filter(({ effect }) => effect !== "nothing"));
  const touched = nodes.flatMap((text) => text.split("\n"));
  return touched.length === 0
    ? []
    : [
        "  plan",
        ...touched.map((line) => `       ${line.trim()}`),
        ...stallLines(plan.stalls).map((line) => `       ${line.trim()}`),
      ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

/** What is untouched is one line for all; the same effect for the same reason is one line for a tier. */
function nodeLines(nodes: readonly NodePlan[]): string[] {
  const touched = new Map<string, NodePlan[]>();
  for (const node of nodes.filter(({ effect }) => effect !== "nothing")) {
    // What is made anew is told in one line, whatever tier it is of.
    const tier = node.effect === "new" ? "" : `${node.site} ${node.tier}`;
    const key = JSON.stringify([tier, node.effect, node.reasons]);
    touched.set(key, [...(touched.get(key) ?? []), node]);
  }
  const untouched = nodes.filter(({ effect }) => effect === "nothing").map(({ node }) => node);
  const rows = [...touched.values()].map((group): [string, string] => {
    const [first] = group as [NodePlan];
    return [first.effect, `${joined(group.map(({ node }) => node))}: ${first.reasons.join("; ")}`];
  });
  const all = [...rows, ...(untouched.length === 0 ? [] : [["nothing", joined(untouched)]])];
  return all.length === 0 ? [] : [alignedTable(all)];
}

/** Names with numbers in a row as one: `a-postgres-1…3`. */
export function joined(names: readonly string[]): string {
  const groups: { stem: string; from: number; to: number }[] = [];
  for (const name of names) {
    const [, stem = name, number = "-1"] = /^(.*)-(\d+)$/.exec(name) ?? [];
    const last = groups.at(-1);
    if (last?.stem === stem && last.to + 1 === Number(number) && Number(number) > 0) {
      last.to += 1;
    } else {
      groups.push({ stem, from: Number(number), to: Number(number) });
    }
  }
  return groups
    .map(({ stem, from, to }) =>
      from < 0 ? stem : from === to ? `${stem}-${from}` : `${stem}-${from}…${to}`,
    )
    .join(" ");
}

function stepLine(
  index: number,
  what: string,
  handovers: readonly [number, number] | undefined,
): string {
  const told = handovers === undefined ? "" : ` (handovers: ${countOf(handovers)})`;
  return `${String(index + 1).padStart(4)}  ${what}${told}`;
}

function countOf([least, most]: readonly [number, number]): string {
  return least === most ? `${least}` : `${least} to ${most}, by who leads then`;
}

function stallLines(stalls: readonly Stall[]): string[] {
  return stalls.map(({ moment, times, measured, nearest }) => {
    const often = times[0] === times[1] ? `${times[0]} ×` : `${times[0]} to ${times[1]} ×`;
    const figure =
      measured === undefined
        ? "not measured"
        : `${nearest ? "the nearest that was measured: " : ""}${figureText(measured)}`;
    return `  ${often} ${moment}: ${figure}`;
  });
}

function figureText({ drill, n, medianSeconds, maxSeconds, source }: Figure): string {
  const [median, max] = [medianSeconds, maxSeconds].map((seconds) => `${seconds.toFixed(2)} s`);
  return `no write for ${median} (median), ${max} (longest); drill ${drill}, n = ${n}, ${source}`;
}

function fileLines({ files }: Plan): string[] {
  return files.map(({ resource, path, action, diff }) =>
    diff === undefined
      ? `  ${resource} (${path}) ${action}: its text is secret, or not known yet`
      : diff.trimEnd(),
  );
}

function riskLines({ risks }: Plan, accepted: readonly string[]): string[] {
  return risks.length === 0
    ? ["  none"]
    : risks.flatMap(({ name, resources, what, instead }) => [
        `  ${accepted.includes(name) ? "accepted" : "REFUSED"}  ${name}: ${meaningOf(name)}`,
        `            ${resources.join(", ")}`,
        `            ${what}`,
        `            instead: ${instead}`,
      ]);
}
