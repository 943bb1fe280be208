import { describe, expect, test } from "vitest";
import {
  type Backup,
  newestBackups,
  type RepositoryState,
} from "../../../commands/cluster/backups.ts";
import type { StackStatus } from "../../../commands/cluster/inspect.ts";
import { ago, repositoryLines } from "../../../commands/cluster/repositories.ts";
import { statusText } from "../../../commands/status.ts";

const NOW = new Date("2026-11-25T10:00:00Z");

const backup = (repository: string, kind: string, label: string): Backup => ({
  repository,
  kind,
  label,
  start: "2026-11-25T02:15:00Z",
  stop: "2026-11-25T02:15:10Z",
  bytes: 6 * 2 ** 20,
  provenAt: null,
  recoverableFrom: "2026-11-25T02:15:10Z",
  recoverableTo: "2026-11-25T09:59:40Z",
  damaged: false,
});

const never = {
  provenAt: null,
  lastRunAt: null,
  passed: null,
  error: "",
  rtoSeconds: null,
  rpoSeconds: null,
};

const local: RepositoryState = {
  repository: "local",
  faults: [],
  answeredAt: "2026-11-25T09:59:50Z",
  windows: [["2026-11-25T02:15:10Z", "2026-11-25T09:59:40Z"]],
  recoverableTo: "2026-11-25T09:59:40Z",
  rpoSeconds: 20,
  holes: 0,
  proofs: {
    physical: { ...never, provenAt: "2026-11-25T03:31:00Z", passed: true },
    logical: never,
  },
};

const cloud: RepositoryState = {
  ...local,
  repository: "cloud",
  faults: [{ cause: "bucket", error: "NoSuchBucket" }],
  answeredAt: "2026-11-25T09:55:00Z",
  rpoSeconds: 320,
  recoverableTo: "2026-11-25T09:54:40Z",
  holes: 1,
  proofs: {
    physical: {
      ...never,
      provenAt: "2026-11-20T03:31:00Z",
      lastRunAt: "2026-11-25T03:31:00Z",
      passed: false,
      error: "no such file",
    },
    logical: never,
  },
};

test("the newest of each kind in each repository", () => {
  const backups = [
    backup("local", "full", "A"),
    backup("cloud", "full", "B"),
    backup("local", "full", "C"),
    backup("local", "logical", "D"),
  ];
  expect(newestBackups(backups).map(({ label }) => label)).toEqual(["B", "C", "D"]);
  expect(newestBackups([])).toEqual([]);
});

describe("a repository's line", () => {
  test("says how far it reaches and when it was proven", () => {
    expect(repositoryLines([local, { ...local, repository: "cloud" }], NOW)[0]).toBe(
      "local: recoverable to 2026-11-25T09:59:40Z, a loss now costs 20 s; " +
        "proven: physical 6 h ago, logical never",
    );
  });

  test("says its fault, how old its word is, its holes and a failed drill", () => {
    expect(repositoryLines([local, cloud], NOW).slice(1)).toEqual([
      "cloud: recoverable to 2026-11-25T09:54:40Z, a loss now costs 5 min 20 s; " +
        "proven: physical 5 d ago, logical never; 1 hole in its WAL",
      "cloud: FAULT bucket: NoSuchBucket (as of 5 min ago)",
      "cloud: FAILED physical drill 6 h ago: no such file",
    ]);
  });

  test("does not call nothing a window, and unknown not zero", () => {
    const young = { ...local, windows: [], recoverableTo: null, rpoSeconds: null };
    expect(repositoryLines([young], NOW)[0]).toContain("nothing recoverable yet");
    const unsure = { ...local, recoverableTo: null, rpoSeconds: null };
    expect(repositoryLines([unsure], NOW)[0]).toContain("recoverable to: unknown");
    const silent = { ...cloud, answeredAt: null, faults: [{ cause: "other", error: "" }] };
    expect(repositoryLines([silent], NOW)[1]).toBe(
      "cloud: FAULT other: no reason given (never answered)",
    );
  });

  test("a stack without a cloud hears it each time, one that does not answer does not", () => {
    expect(repositoryLines([local], NOW).at(-1)).toMatch(/^no cloud repository: the loss/);
    expect(repositoryLines([local, cloud], NOW).join()).not.toContain("no cloud repository");
    expect(repositoryLines([], NOW)).toEqual([]);
  });
});

test("how long ago", () => {
  const cases: [string, string][] = [
    ["2026-11-25T10:00:05Z", "0 s ago"],
    ["2026-11-25T09:58:01Z", "119 s ago"],
    ["2026-11-25T09:58:00Z", "2 min ago"],
    ["2026-11-25T08:00:01Z", "119 min ago"],
    ["2026-11-25T08:00:00Z", "2 h ago"],
    ["2026-11-23T10:00:00Z", "2 d ago"],
  ];
  expect(cases.map(([iso]) => ago(iso, NOW))).toEqual(cases.map(([, said]) => said));
});

test("status shows the newest backups, marks damaged ones, and the repositories below", () => {
  const found: StackStatus = {
    members: [],
    instances: [],
    services: [{ name: "backup", state: "healthy" }],
    backups: [
      backup("local", "full", "20261124-021500F"),
      { ...backup("local", "full", "20261125-021500F"), provenAt: "2026-11-25T03:31:00Z" },
      { ...backup("cloud", "logical", "20261125T024500Z"), damaged: true, stop: null, bytes: null },
    ],
    alerts: [],
    endpoints: {},
    repositories: [local, cloud],
  };
  const lines = statusText("dev", found, NOW).split("\n");
  const start = lines.indexOf("backups");
  expect(lines.slice(start, lines.indexOf("", start))).toEqual([
    "backups",
    "  repository  kind     newest            stop                  bytes    proven",
    "  local       full     20261125-021500F  2026-11-25T02:15:10Z  6.0 MiB  6 h ago",
    "  cloud       logical  20261125T024500Z  unreadable            -        DAMAGED",
    ...repositoryLines([local, cloud], NOW).map((line) => `  ${line}`),
  ]);
});
