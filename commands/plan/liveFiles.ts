/** The live files (M10) among the changes of a preview. Pure. */
import { containersIn, isThere, kindOf, mountsOf, placeOf, textOf } from "./resources.ts";
import type { Change, FileChange } from "./types.ts";
import { unifiedDiff } from "./unified.ts";

/** One rendered file, as it is and as it will be. */
export interface LiveFile {
  readonly change: Change;
  /** Site, by the resource's name. */
  readonly site: string;
  /** Docker's name of the volume that it lies in. */
  readonly volume: string;
  /** Path in the volume, e.g. `postgresql.conf`. */
  readonly path: string;
  /** Absent where it is secret, not known yet, or not there. */
  readonly before?: string;
  readonly after?: string;
  /** Whether the text differs, as far as the engine can tell. */
  readonly differs: boolean;
}

/** The command that components/docker/liveFile.ts makes: a volume at /live, and a candidate in it. */
const WRITES = /--volume (\S+):\/live [\s\S]*?FILE=\/live\/(\S+?)\.candidate/;

/** All live files, changed or not. */
export function liveFilesIn(changes: readonly Change[]): LiveFile[] {
  return changes
    .filter((change) => kindOf(change) === "Command")
    .flatMap((change) => {
      const script = textOf(change.after?.create) ?? textOf(change.before?.create) ?? "";
      const site = change.name.split("-")[0] ?? "";
      const [, volume = "", path] = WRITES.exec(script) ?? unwritten(change, script, site) ?? [];
      if (path === undefined) {
        return [];
      }
      const [before, after] = [textOf(change.before?.stdin), textOf(change.after?.stdin)];
      const shown = before !== undefined && after !== undefined;
      return {
        change,
        site,
        volume,
        path,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        differs:
          change.action === "create" ||
          change.action === "delete" ||
          (shown ? before !== after : change.keys.includes("stdin")),
      };
    });
}

/** Before the first update the script is not known, as the volume is not; a known text is a file's all the same. */
function unwritten(change: Change, script: string, site: string): string[] | undefined {
  return script === "" && change.action === "create" && textOf(change.after?.stdin) !== undefined
    ? ["", "", change.name.slice(site.length + 1)]
    : undefined;
}

/** One site's file by its path, e.g. PostgreSQL's `postgresql.conf`; its resource is named after it. */
export function fileOf(
  changes: readonly Change[],
  site: string,
  path: string,
  component = "",
): LiveFile | undefined {
  return liveFilesIn(changes).find(
    (file) =>
      file.site === site &&
      file.change.name.startsWith(`${site}-${component}`) &&
      file.change.name.endsWith(path),
  );
}

/** The containers that read a file: those that mount its volume, now and afterwards. */
export function readersOf(file: LiveFile, changes: readonly Change[]): Change[] {
  return containersIn(changes).filter(
    (container) =>
      isThere.before(container) &&
      isThere.after(container) &&
      placeOf(container).site === file.site &&
      [...mountsOf(container.before).values()].includes(file.volume),
  );
}

/** What a reviewer sees of each file that changes. */
export function fileChanges(changes: readonly Change[]): FileChange[] {
  return liveFilesIn(changes)
    .filter(({ differs }) => differs)
    .map(({ change, path, site, before, after }) => {
      const action =
        change.action === "create" ? "created" : change.action === "delete" ? "removed" : "changed";
      const hidden =
        (action !== "created" && before === undefined) ||
        (action !== "removed" && after === undefined);
      const place = `${site}/${change.name.slice(site.length + 1)}`;
      const diff = hidden ? undefined : unifiedDiff(place, before ?? "", after ?? "");
      return {
        resource: change.name,
        path,
        action,
        ...(diff === undefined ? {} : { diff }),
      };
    });
}
