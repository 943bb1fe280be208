import type { Docker } from "../../docker.ts";
import { tail } from "../../exec.ts";
import { Fault } from "../../fault.ts";
import { note } from "../../ui.ts";
import type { Box } from "../boxes.ts";
import { find, signalInside } from "../faults/tools.ts";
import { parseRecord, type RestoreResult, resultOfRecord } from "./record.ts";

/** What to restore; the container chooses the combination whose proof is oldest for what is not said. */
export interface RestoreRequest {
  readonly repository?: string | undefined;
  readonly kind?: string | undefined;
  /** ISO time with a zone. */
  readonly to?: string | undefined;
  /** Seconds to wait for another drill's end. @default 0: it is an error */
  readonly wait?: number | undefined;
}

export const RESTORE_DRILL = "restore-drill";
const PROGRAM = "holdfast-restore-drill";
/** The program's word for: another drill runs. */
const BUSY_CODE = 75;

/** Arguments of the program inside. Pure. */
export function restoreArguments({ repository, kind, to, wait }: RestoreRequest): string[] {
  return [
    PROGRAM,
    "--json",
    ...(repository ? ["--repository", repository] : []),
    ...(kind ? ["--kind", kind] : []),
    ...(to ? ["--to", to] : []),
    ...(wait ? ["--wait", String(wait)] : []),
  ];
}

/** The container that the drills run in. @throws Fault when this stack has none that runs */
export function restoreBox(boxes: readonly Box[], stack: string): Box {
  const box = boxes.find(({ component }) => component === RESTORE_DRILL);
  if (box?.status !== "running") {
    const state = box ? `is ${box.status}` : "is not there";
    const mend = `./holdfast up --stack ${stack}`;
    throw new Fault(`the container ${RESTORE_DRILL} of stack ${stack} ${state}`, mend);
  }
  return box;
}

/**
 * Restores a backup into a scratch instance and checks it; nothing of the running stack is touched.
 *
 * @throws Fault when the drill came to no record
 */
export async function runRestore(
  docker: Docker,
  box: Box,
  request: RestoreRequest,
  signal?: AbortSignal,
): Promise<RestoreResult> {
  signal?.throwIfAborted();
  const onAbort = () => void endInside(docker, box);
  signal?.addEventListener("abort", onAbort);
  try {
    const { code, stdout, stderr } = await docker.run(
      ["exec", box.name, ...restoreArguments(request)],
      // The record is for the table; what comes before it is for those who wait.
      { onLine: (line) => line.startsWith("{") || note(`  …    ${withoutName(line)}`) },
    );
    signal?.throwIfAborted();
    const record = parseRecord(stdout);
    if (record) {
      const result = resultOfRecord(record);
      return code === 0 || !result.passed ? result : contradiction(result, code);
    }
    if (code === BUSY_CODE) {
      throw new Fault("another restore drill runs", "wait until it ends, and repeat");
    }
    const lines = tail(stderr || stdout).map((line) => `| ${line}`);
    throw new Fault(`the restore drill left no record (exit code ${code})`, ...lines);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The program says its name on each line. Pure. */
function withoutName(line: string): string {
  return line.startsWith(`${PROGRAM}: `) ? line.slice(PROGRAM.length + 2) : line;
}

/** Passed by its record and not by its exit code: not proven. */
function contradiction(result: RestoreResult, code: number): RestoreResult {
  return { ...result, passed: false, error: `${PROGRAM} ended with exit code ${code}` };
}

/** A `docker exec` that goes leaves its program running: that is told to clear up and end. */
async function endInside(docker: Docker, box: Box): Promise<void> {
  try {
    const running = await find(docker, box, new RegExp(`${PROGRAM} .*--json`));
    await signalInside(docker, box, "TERM", running);
  } catch {
    // It has ended by itself.
  }
}
