import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { inImage, ROOT } from "./images.ts";
import { bothRendered, devRendered, type Rendered, spoil } from "./rendered.ts";

let both: [string, Rendered][];
let dev: Rendered;

beforeAll(async () => {
  both = await bothRendered();
  dev = await devRendered();
});

/**
 * Commands that together read every line of a file. Without a server and a repository they all fail
 * in the end, but not over the configuration: pgBackRest reads all of it first.
 */
const COMMANDS = {
  repository: [
    "info --stanza=S",
    "backup --stanza=S --pg1-path=/nowhere",
    "expire --stanza=S",
    "server",
  ],
  node: ["info --stanza=S", "restore --stanza=S", "archive-push --stanza=S /nowhere/x", "server"],
};

/** What pgBackRest says against a configuration; empty when it has nothing to say. */
async function faultsOf(of: keyof typeof COMMANDS, text: string): Promise<string[]> {
  const stanza = /^\[(?!global)([^\]:]+)\]|tls-server-auth=\S+?=(\S+)/m.exec(text);
  const script = COMMANDS[of]
    .map((command) => command.replace("=S", `=${stanza?.[1] ?? stanza?.[2] ?? "none"}`))
    .map(
      (command) => `timeout 5 pgbackrest --config=/checked/pgbackrest.conf ${command}; echo "# $?"`,
    )
    .join("\n");
  const image = of === "node" ? "postgres" : "backup";
  const { output } = await inImage(image, {
    command: ["sh", "-c", script],
    files: { folder: "/checked", texts: { "pgbackrest.conf": text } },
  });
  // All of them ran, and got as far as to have an opinion.
  expect(output.match(/^# \d+$/gm)).toHaveLength(COMMANDS[of].length);
  // 26 to 37 are the codes of pgBackRest's faults of configuration (src/build/error/error.yaml).
  return output
    .split("\n")
    .filter((line) => /configuration file contains|: \[0(2[6-9]|3[0-7])\]/.test(line));
}

const files: [keyof typeof COMMANDS, string][] = [
  ["repository", "backup-pgbackrest.conf"],
  ["node", "postgres-1:/etc/holdfast/pgbackrest.conf"],
];

describe.each(files)("the %s's pgbackrest.conf", (of, name) => {
  test("pgBackRest takes every line", async () => {
    for (const [what, { text }] of both) {
      expect(await faultsOf(of, text(name)), what).toEqual([]);
    }
  });

  test.each([
    ["an unknown option", /^process-max=/m, "processes-max="],
    ["a word for a number", /^process-max=.*/m, "process-max=two"],
    ["a port that is none", /^tls-server-port=.*/m, "tls-server-port=here"],
    ["a compression that is none", /^compress-type=.*/m, "compress-type=air"],
    ["a line that is none", /^\[global\]$/m, "[global]\nnonsense"],
  ])("it refuses %s", async (_, part, by) => {
    expect(await faultsOf(of, spoil(dev.text(name), part, by))).not.toEqual([]);
  });
});

describe("backup.json", () => {
  const script = [
    "import sys; sys.path.insert(0, '/usr/local/lib/holdfast')",
    "from backup import cron, settings",
    "s = settings.parse(sys.stdin.read())",
    "cron.check(s.physical, 'physical'); cron.check(s.logical, 'logical'); print(s.stanza)",
  ].join("\n");
  const load = (stdin: string) => inImage("backup", { command: ["python3", "-c", script], stdin });

  test("the supervisor takes it", async () => {
    for (const [what, { text }] of both) {
      const { code, output } = await load(text("backup-backup.json"));
      expect(output, what).toMatch(/^(dev|unusual-stack-20-cha)-a\n$/);
      expect(code, what).toBe(0);
    }
  });

  test.each([
    ["a cron line that is none", /"physical": "[^"]*"/, '"physical": "61 2 * * *"'],
    ["a missing key", '"keepDumps"', '"keepDump"'],
    ["what is no JSON", "{", "{,"],
  ])("it refuses %s", async (_, part, by) => {
    const { code, output } = await load(spoil(dev.text("backup-backup.json"), part, by));
    expect(output).toContain("SettingsError");
    expect(code).not.toBe(0);
  });
});

describe("python tests that need what is in the image alone", () => {
  test.each([
    ["backup", "test_backup_[!a]*.py"],
    ["authority", "test_backup_authority.py"],
  ] as const)("%s: %s", async (image, pattern) => {
    const folders = ["tests/python", "images"];
    const { code, output } = await inImage(image, {
      command: ["python3", "-m", "unittest", "discover", "-s", "tests/python", "-p", pattern],
      docker: [
        ...folders.flatMap((path) => ["--volume", `${join(ROOT, path)}:/checked/${path}:ro`]),
        // As whoever owns the checkout, whatever its modes are.
        ...["--user", `${process.getuid?.()}:${process.getgid?.()}`],
        ...["--workdir", "/checked", "--env", "PYTHONDONTWRITEBYTECODE=1"],
      ],
    });
    expect(code, output).toBe(0);
    expect(output).toMatch(/^Ran [1-9]\d* tests? in/m);
    expect(output).not.toContain("skipped");
  });
});
