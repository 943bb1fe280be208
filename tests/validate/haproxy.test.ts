import { beforeAll, describe, expect, test } from "vitest";
import { inImage } from "./images.ts";
import { bothRendered, devRendered, type Rendered, spoil, twoSitesRendered } from "./rendered.ts";

let both: [string, Rendered][];
let dev: Rendered;

beforeAll(async () => {
  both = await bothRendered();
  dev = await devRendered();
});

const validate = (stdin: string) => inImage("haproxy", { command: ["holdfast-validate"], stdin });

describe.each([
  "router-haproxy.cfg",
  "edge-haproxy.cfg",
  "docker-proxy:/etc/holdfast/haproxy.cfg",
  "autoscaler-docker-proxy:/etc/holdfast/haproxy.cfg",
])("%s", (name) => {
  test("HAProxy takes it without a warning", async () => {
    for (const [what, { text }] of both) {
      expect(await validate(text(name)), what).toEqual({ code: 0, output: "" });
    }
  });

  test.each([
    ["an unknown keyword", /^ {2}bind /m, "  bindd "],
    ["a server line with a word missing", /^( {2}server \S+) \S+/m, "$1"],
    ["a timeout that is none", /timeout server \S+/, "timeout server soon"],
  ])("it refuses %s", async (_, part, by) => {
    const { code, output } = await validate(spoil(dev.text(name), part, by));
    expect(code).toBe(1);
    expect(output).toContain("[ALERT]");
  });
});

test("with two sites: the edge, and the link's file as `up` checks it", async () => {
  const { text } = await twoSitesRendered();
  expect(await validate(text("edge-haproxy.cfg"))).toEqual({ code: 0, output: "" });
  const open = text("link-haproxy.cfg").replaceAll(/ ssl .*/g, "");
  expect(await validate(open)).toEqual({ code: 0, output: "" });
  const spoilt = spoil(open, /track check-b\/b/, "track check-b/nobody");
  expect((await validate(spoilt)).code).toBe(1);
});

test("an empty file is refused", async () => {
  expect((await validate("")).code).toBe(1);
});
