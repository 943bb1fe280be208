import { expect, test } from "vitest";
import { inImage } from "./images.ts";
import { bothRendered, devRendered, spoil } from "./rendered.ts";

const validate = (stdin: string) => inImage("status", { command: ["holdfast-validate"], stdin });

test("the status page reads its objectives from the rendered file", async () => {
  for (const [what, { text }] of await bothRendered()) {
    expect(await validate(text("status.json")), what).toEqual({ code: 0, output: "" });
  }
});

test.each([
  ["a name that is missing", "recoveryTimeSeconds", "recoveryTime"],
  ["a word for a number", /("scrapeIntervalSeconds": )\d+/, '$1"often"'],
  ["half a file", /}\s*$/, ""],
])("it refuses %s", async (_, part, by) => {
  const dev = await devRendered();
  const { code, output } = await validate(spoil(dev.text("status.json"), part, by));
  expect(code, output).toBe(1);
  expect(output).toContain("holdfast-validate: status.json: ");
});

test("it serves its page while nobody whom it asks is there", async () => {
  const ask = [
    "import json, sys, threading",
    "sys.path.insert(0, '/usr/local/lib/holdfast')",
    "from urllib.request import urlopen",
    "from statuspage.answers import Answers",
    "from statuspage.look import Site",
    "from statuspage.server import bind",
    "from statuspage.settings import Place",
    "place = Place('dev', 'a', '127.0.0.1:1', '127.0.0.1:2', ('127.0.0.1:3',))",
    "http = bind(Answers(Site(place)), 0, '127.0.0.1')",
    "threading.Thread(target=http.serve_forever, daemon=True).start()",
    "url = f'http://127.0.0.1:{http.server_address[1]}/api/status.json'",
    "print(json.load(urlopen(url, timeout=10))['verdict']['state'])",
  ].join("\n");
  const { code, output } = await inImage("status", { command: ["python3", "-c", ask] });
  expect({ code, output }).toEqual({ code: 0, output: "unknown\n" });
});
