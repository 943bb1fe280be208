import { readdirSync, readFileSync } from "node:fs";

/** Processes of the engine that this command started. */
export function enginePids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        // "pid (name) state parent": the name may hold blanks and brackets
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return parent === process.pid && /\((pulumi)\)/.test(stat);
      } catch {
        return false;
      }
    });
}
