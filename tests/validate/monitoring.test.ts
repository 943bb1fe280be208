/** Expressions of panels, and the example of an extension, before Prometheus' own tool. */
import { describe, expect, test } from "vitest";
import { renderDashboards } from "../../templates/dashboards/all.ts";
import { DASHBOARD_FACTS } from "../dashboards.ts";
import { filledIn } from "../promql.ts";
import { record, settingsWith } from "../unit/tree/mocks.ts";
import { inImage } from "./images.ts";

const FOLDER = "/checked";
const promtool = (texts: Record<string, string>, ...args: string[]) =>
  inImage("prometheus", { command: ["promtool", ...args], files: { folder: FOLDER, texts } });

/** As a rule file: the one thing that promtool parses expressions of, all at once. */
function asRules(exprs: readonly string[]): string {
  const rules = exprs.map((expr, index) => ({ record: `panel_${index}`, expr }));
  return JSON.stringify({ groups: [{ name: "panels", rules }] });
}

describe("expressions of panels", () => {
  const exprs = Object.values(renderDashboards(DASHBOARD_FACTS, ["prometheus"])).flatMap((text) => {
    const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
    return panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => filledIn(expr, "dev", "a")),
    );
  });
  const check = (text: string) =>
    promtool({ "panels.yml": text }, "check", "rules", `${FOLDER}/panels.yml`);

  test("promtool parses every one", async () => {
    expect(exprs.length).toBeGreaterThan(100);
    const { code, output } = await check(asRules(exprs));
    expect(output).toContain(`${exprs.length} rules found`);
    expect(code).toBe(0);
  });

  test("it refuses one that is none", async () => {
    expect((await check(asRules([...exprs, "sum by ("]))).code).not.toBe(0);
  });
});

describe("the example of an extension", () => {
  /** The check in front of a live file, as it runs: the candidate at $FILE, a shell around it. */
  async function checked(label: string, spoil: (text: string) => string = (text) => text) {
    const tree = await record(
      settingsWith({ monitoring: { extensions: "docs/examples/extension" } }),
    );
    const { create, stdin } = tree.get(label).inputs;
    const [, check = ""] =
      /cat > "\$FILE"; (.*?) \|\| \{ rm -f/.exec(unquoted(String(create))) ?? [];
    expect(check).toContain("promtool check");
    return inImage("prometheus", {
      command: ["sh", "-euc", `FILE=${FOLDER}/it.candidate; ${check}`],
      files: { folder: FOLDER, texts: { "it.candidate": spoil(String(stdin)) } },
    });
  }
  /** Undoes the quotes of a shell's word in single quotes. */
  const unquoted = (text: string) => text.replaceAll(`'\\''`, "'");

  test.each([
    ["rules", (text: string) => text.replace("> 1000", "> >")],
    ["targets", (text: string) => text.replace('"targets"', '"tragets"')],
  ])("promtool takes its %s, and refuses spoilt ones", async (kind, spoil) => {
    const label = `Command a-extension-${kind}-queue`;
    const good = await checked(label);
    expect(good.code, good.output).toBe(0);
    expect((await checked(label, spoil)).code).not.toBe(0);
  });
});
