import { Fault } from "../fault.ts";
import { applications } from "./faults/application.ts";
import { backups } from "./faults/backup.ts";
import { crashes } from "./faults/crash.ts";
import { disks } from "./faults/disk.ts";
import { etcd } from "./faults/etcd.ts";
import { hosts } from "./faults/host.ts";
import { sites } from "./faults/lostSite.ts";
import { paths } from "./faults/paths.ts";
import { planned } from "./faults/planned.ts";
import type { Drill, Family } from "./scene.ts";

/** Every drill, in the order in which `all` runs them: the gentle ones first. */
export const DRILLS: readonly Drill[] = [
  ...planned,
  ...crashes,
  ...etcd,
  ...paths,
  ...applications,
  ...backups,
  ...disks,
  ...hosts,
  ...sites,
];

/** Each drill's family, by its name. Pure. */
export function familiesOf(): Record<string, Family> {
  return Object.fromEntries(DRILLS.map(({ name, family }) => [name, family]));
}

/** The names that a person may type, for a fault's text. */
const ALL = "all";

/**
 * The drills that were asked for, in the order asked; a family's name stands for all of its drills. Pure.
 *
 * @throws Fault that lists the names, and the nearest to an unknown one
 */
export function chosen(names: readonly string[]): Drill[] {
  if (names.length === 0) {
    throw new Fault("no drill was named", "one or more of these, or all:", ...listed());
  }
  return names.flatMap((name) => {
    if (name === ALL) {
      return DRILLS.filter(({ notInAll }) => !notInAll);
    }
    const family = DRILLS.filter((one) => one.family === name);
    if (family.length > 0) {
      return family;
    }
    const drill = DRILLS.find((one) => one.name === name);
    if (!drill) {
      throw new Fault(
        `there is no drill "${name}"`,
        `did you mean: ./holdfast drill ${nearest(name)}`,
        "there are these, by family, or all:",
        ...listed(),
      );
    }
    return [drill];
  });
}

function listed(): string[] {
  const families = [...new Set(DRILLS.map(({ family }) => family))];
  return families.map((family) => {
    const names = DRILLS.filter((drill) => drill.family === family).map(({ name }) => name);
    return `${family}: ${names.join(", ")}`;
  });
}

/** The name that takes the fewest changed letters. Pure. */
export function nearest(name: string): string {
  const families = DRILLS.map(({ family }) => family);
  const names = [...DRILLS.map((drill) => drill.name), ALL, ...families];
  const [best] = names.toSorted((a, b) => distance(name, a) - distance(name, b));
  return best ?? ALL;
}

/** Letters to insert, delete or change (Levenshtein). Pure. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
