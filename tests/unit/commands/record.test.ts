import { describe, expect, test } from "vitest";
import {
  changesBetween,
  treeOf,
  updateRecord,
  withConfig,
  withoutDeep,
} from "../../../commands/setup/record.ts";
import { prune } from "../../../commands/stack.ts";

describe("the record of a machine", () => {
  test("takes new answers and keeps the others", () => {
    const before = { images: { base: "holdfast/base:trixie" }, ports: { app: 8081 } };
    const after = updateRecord(before, { ports: { app: 8082 } }, {});
    expect(after).toEqual({ images: { base: "holdfast/base:trixie" }, ports: { app: 8082 } });
  });

  test("drops what the config sets by now, and the group that this empties", () => {
    const before = { ports: { app: 8081 }, monitoring: { grafana: false } };
    expect(updateRecord(before, {}, { ports: { app: 8080 } })).toEqual({
      monitoring: { grafana: false },
    });
  });

  test("a site that the config no longer names does not come back", () => {
    const record = { sites: { a: { subnet: "10.80.1.0/24" }, b: { subnet: "10.80.2.0/24" } } };
    expect(prune(record, { sites: { b: {} } })).toEqual({
      sites: { b: { subnet: "10.80.2.0/24" } },
    });
    expect(prune(record, {})).toEqual(record);
  });

  test("says what changed", () => {
    const before = { images: { base: "a" }, ports: { app: 8081 } };
    const after = { images: { base: "b" }, monitoring: { grafana: false }, ports: {} };
    expect(changesBetween(before, after)).toEqual([
      "images.base = b",
      "monitoring.grafana = false",
      "ports.app is no longer set here",
    ]);
    expect(changesBetween(after, after)).toEqual([]);
  });

  test("goes into a committed stack file with its comments kept", () => {
    const text = "# ours\nconfig:\n  holdfast:ports:\n    app: 8080 # the shop\n";
    const changed = withConfig(text, treeOf(["ports", "pooler"], [6434, 6435]));
    expect(changed).toContain("# ours");
    expect(changed).toContain("app: 8080 # the shop");
    expect(changed).toMatch(/pooler:\n\s+- 6434\n\s+- 6435/);
    expect(withConfig("", treeOf(["images", "base"], "x"))).toBe(
      "config:\n  holdfast:images:\n    base: x\n",
    );
  });

  test("a removed key takes its empty groups with it", () => {
    expect(withoutDeep({ a: { b: { c: 1 } }, d: 2 }, ["a", "b", "c"])).toEqual({ d: 2 });
  });
});
