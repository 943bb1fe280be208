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

/** A node's file is read as it is; from the repository host's, the engine makes one of each part. */
type Part = "node" | "local" | "cloud";

/** Writes the file of one repository, as the engine does it in the container. */
const DERIVE = `
import sys; sys.path.insert(0, "/usr/local/lib/holdfast")
from pathlib import Path
from engine.pgbackrest_config import derive
part = sys.argv[1]
secrets = {"s3-key": "id", "s3-key-secret": "secret", "cipher-pass": "pass"}
rendered = Path("/checked/pgbackrest.conf").read_text()
text = derive(rendered, part, secrets if part == "cloud" else {}, "S")
Path("/tmp/pgbackrest.conf").write_text(text)
`;

/** What pgBackRest says against a configuration; empty when it has nothing to say. */
async function faultsOf(part: Part, text: string): Promise<string[]> {
  const commands = COMMANDS[part === "node" ? "node" : "repository"];
  const stanza = part === "node" ? (/^\[(?!global)([^\]:]+)\]/m.exec(text)?.[1] ?? "none") : "S";
  const file = part === "node" ? "/checked/pgbackrest.conf" : "/tmp/pgbackrest.conf";
  const script = commands
    .map((command) => command.replace("=S", `=${stanza}`))
    .map((command) => `timeout 5 pgbackrest --config=${file} ${command}; echo "# $?"`)
    .join("\n");
  const derive = part === "node" ? "" : `python3 -c '${DERIVE}' ${part} || exit\n`;
  const { output } = await inImage(part === "node" ? "postgres" : "backup", {
    command: ["sh", "-c", `${derive}${script}`],
    files: { folder: "/checked", texts: { "pgbackrest.conf": text } },
  });
  // All of them ran, and got as far as to have an opinion.
  expect(output.match(/^# \d+$/gm), output).toHaveLength(commands.length);
  // 26 to 37 are the codes of pgBackRest's faults of configuration (src/build/error/error.yaml).
  return output
    .split("\n")
    .filter((line) => /configuration file contains|: \[0(2[6-9]|3[0-7])\]/.test(line));
}

const files: [Part, string][] = [
  ["local", "backup-pgbackrest.conf"],
  ["cloud", "backup-pgbackrest.conf"],
  ["node", "postgres-1:/etc/holdfast/pgbackrest.conf"],
];

describe.each(files)("pgbackrest.conf, the part of: %s", (of, name) => {
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

describe("the cloud's part", () => {
  test.each([
    ["a style that is none", /^repo2-s3-uri-style=.*/m, "repo2-s3-uri-style=round"],
    ["a cipher that is none", /^repo2-cipher-type=.*/m, "repo2-cipher-type=rot13"],
    ["an unknown retention", /^repo2-retention-full-type=.*/m, "repo2-retention-full-type=moon"],
  ])("it refuses %s", async (_, part, by) => {
    const text = spoil(dev.text("backup-pgbackrest.conf"), part, by);
    expect(await faultsOf("cloud", text)).not.toEqual([]);
    // A mistake in one part keeps the other at work.
    expect(await faultsOf("local", text)).toEqual([]);
  });
});

describe("backup.json", () => {
  const script = [
    "import sys; sys.path.insert(0, '/usr/local/lib/holdfast')",
    "from backup import cron, settings",
    "s = settings.parse(sys.stdin.read())",
    "cron.check(s.physical, 'physical'); cron.check(s.logical, 'logical')",
    "print(s.stanza, *s.repositories)",
  ].join("\n");
  const load = (stdin: string) => inImage("backup", { command: ["python3", "-c", script], stdin });

  test("the supervisor takes it", async () => {
    for (const [what, { text }] of both) {
      const { code, output } = await load(text("backup-backup.json"));
      expect(output, what).toMatch(/^(dev|unusual-stack-20-cha)-a local cloud\n$/);
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
