/** What one restore drill left: the record that the container `restore-drill` keeps and signs. */
export interface RestoreRecord {
  /** `<time>-<repository>-<kind>`, the record's file name. */
  readonly id: string;
  /** ISO time, as all times here. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly repository: string;
  /** `physical` or `logical`. */
  readonly kind: string;
  /** The backup that was restored; empty when it never came to one. */
  readonly label: string;
  readonly target: { readonly kind: string; readonly value: string };
  /** Restored, compared and right. */
  readonly passed: boolean;
  /** What went wrong; empty when nothing did. */
  readonly error: string;
  /** From the begin of the restore to a ready server. */
  readonly rtoSeconds: number | null;
  /** Age of the newest transaction that could be had. */
  readonly rpoSeconds: number | null;
  readonly recoveredTo: string | null;
  /** The moment whose rows and checksums were recorded in the running cluster. */
  readonly mark: { readonly lsn: string; readonly at: string } | null;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly checks: readonly RestoreCheck[];
  /** Heartbeats: the newest that has to be there and is, the oldest that must not be and is not. */
  readonly marker: { readonly presentAt: string | null; readonly absentAt: string | null } | null;
  readonly bytes: number | null;
}

export interface RestoreCheck {
  readonly name: string;
  /** Null: it could not be made, and the detail says why. */
  readonly passed: boolean | null;
  readonly detail: string;
}

/** What `drill restore --json` prints for each run; the names that other drills have, and the record. */
export interface RestoreResult {
  readonly drill: "restore";
  /** Nothing is broken. */
  readonly fault: "";
  /** Proven: the restore came to its end and every check passed. */
  readonly passed: boolean;
  readonly error?: string;
  readonly startedAt: string;
  readonly record: RestoreRecord;
}

/**
 * The record on a line of its own in what the container printed. Pure. @returns undefined when there
 * is none, which is a drill that did not come to its end
 */
export function parseRecord(text: string): RestoreRecord | undefined {
  const line = text.split("\n").findLast((one) => one.startsWith("{"));
  try {
    const found = JSON.parse(line ?? "") as Partial<RestoreRecord>;
    return found.id !== undefined && Array.isArray(found.checks)
      ? (found as RestoreRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Pure. A record that says "passed" with a check that did not is not taken for a proof. */
export function resultOfRecord(record: RestoreRecord): RestoreResult {
  const failed = record.checks.filter(({ passed }) => passed === false).map(({ name }) => name);
  const made = record.checks.filter(({ passed }) => passed !== null);
  const passed = record.passed && failed.length === 0 && made.length > 0;
  const error = record.error || (failed.length > 0 ? `failed: ${failed.join(", ")}` : "");
  return {
    drill: "restore",
    fault: "",
    passed,
    ...(passed ? {} : { error: error || "nothing was checked" }),
    startedAt: record.startedAt,
    record,
  };
}
